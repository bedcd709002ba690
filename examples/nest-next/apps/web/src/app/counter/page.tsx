import { connection } from 'next/server'
import { Suspense } from 'react'
import { Counter } from '@/components/Counter'
import { serverClient } from '@/server/client'

/** The page is sent at once, the counter when it is there. */
export default function CounterPage() {
  return (
    <main>
      <h1>Counter</h1>
      <Suspense fallback={<p>Counting…</p>}>
        <LiveCounter />
      </Suspense>
    </main>
  )
}

async function LiveCounter() {
  // Rendered for each request: a snapshot of when the page was built would be an old one.
  await connection()
  return <Counter snapshot={await serverClient.counter.read()} />
}

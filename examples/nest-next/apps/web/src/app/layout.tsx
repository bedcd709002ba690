import type { Metadata } from 'next'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { ConnectionLight } from '@/components/ConnectionLight'
import './globals.css'

export const metadata: Metadata = { title: 'Headwater on Nest and Next' }

export default function RootLayout({ children }: { readonly children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <nav>
          <Link href="/">Notifications</Link> <Link href="/chat/lobby">Chat</Link> <Link href="/counter">Counter</Link>{' '}
          <ConnectionLight />
        </nav>
        {children}
      </body>
    </html>
  )
}

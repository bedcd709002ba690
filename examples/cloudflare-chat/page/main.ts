import type { Message } from '../worker/chat-room.ts'
import { client } from './client.ts'

const find = <Kind extends HTMLElement>(id: string): Kind => document.getElementById(id) as Kind
const name = find<HTMLInputElement>('name')
const text = find<HTMLInputElement>('message')
const room = location.hash.slice(1) || 'lobby'
let leave = new AbortController()
let say: ((input: { message: string }) => Promise<void>) | undefined

/** Listens under the present name, instead of an earlier one. */
async function enter(): Promise<void> {
  leave.abort()
  const entered = new AbortController()
  leave = entered
  const { signal } = entered
  localStorage.setItem('name', name.value)
  try {
    const iterator = await client.onMessage(
      { room, userId: name.value },
      { signal, onConnectionState: ({ status }) => signal.aborted || showStatus(status) },
    )
    say = iterator.say
    for await (const message of iterator) show(message)
  } catch (error) {
    if (!signal.aborted) showStatus(`closed: ${(error as Error).message}`)
  }
}

function show({ message, from = 'room' }: Message): void {
  const [item, author, words] = ['li', 'b', 'span'].map((tag) => document.createElement(tag)) as HTMLElement[]
  author?.append(from)
  words?.append(message)
  item?.append(author as Node, ' ', words as Node)
  find('messages').append(item as Node)
  item?.scrollIntoView()
}

function showStatus(status: string): void {
  find('status').textContent = status
}

find('composer').addEventListener('submit', async (event) => {
  event.preventDefault()
  try {
    await say?.({ message: text.value })
    text.value = ''
  } catch (error) {
    showStatus(`not sent: ${(error as Error).message}`)
  }
})
name.addEventListener('change', enter)
addEventListener('hashchange', () => location.reload())

name.value = localStorage.getItem('name') ?? `guest-${Math.floor(Math.random() * 1000)}`
find('room').textContent = room
void enter()

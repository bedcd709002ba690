import { ChatRoom } from '@/components/ChatRoom'

export default async function ChatPage({ params }: { readonly params: Promise<{ readonly roomId: string }> }) {
  const { roomId } = await params
  return (
    <main>
      <h1>{roomId}</h1>
      <ChatRoom roomId={roomId} />
    </main>
  )
}

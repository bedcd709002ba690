import type { PublisherObservation } from '../publisher/measures.ts'
import type { InspectedNote } from './inspector-contract.ts'

/** An observation in words; `undefined` for what goes as it should. */
export function toNote(publisher: string, observation: PublisherObservation): InspectedNote | undefined {
  const told = tell(observation)
  if (told === undefined) return undefined
  const channel = 'channel' in observation ? observation.channel : undefined
  return { at: Date.now(), publisher, channel, ...told }
}

function tell(observation: PublisherObservation): Pick<InspectedNote, 'type' | 'text'> | undefined {
  switch (observation.type) {
    case 'gap': {
      const { gap, policy } = observation
      const end = policy === 'fail' ? 'the subscriber failed' : `gone on from ${policy}`
      return { type: 'gap', text: `Gap (${gap.reason}) after ${gap.lastEventId ?? 'the start'}: ${end}` }
    }
    case 'resume':
      return { type: 'resume', text: `Resumed after ${observation.lastEventId}` }
    case 'fall-behind':
      return { type: 'fall-behind', text: 'A slow subscriber went back to the log' }
    case 'missed-wake':
      return { type: 'missed-wake', text: 'A poll found events before any wake-up had told of them' }
    case 'append':
      return 'error' in observation
        ? { type: 'error', text: `Not appended: ${messageOf(observation.error)}` }
        : undefined
    case 'poll':
      return 'error' in observation
        ? { type: 'error', text: `Poll failed: ${messageOf(observation.error)}` }
        : undefined
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

import { z } from 'zod'

/** Ends every answer to a call: that is how answers are counted. */
export const ANSWER_MARK = 'end-of-an-answer'

export interface Order {
  readonly customer: string
  readonly items: { id: number; name: string; price: number }[]
}

export interface Confirmation {
  readonly items: Order['items']
  readonly total: number
  readonly mark: string
}

/** The input of calls, checked by all who can. */
export const orderSchema: z.ZodType<Order> = z.object({
  customer: z.string().min(1),
  items: z.array(z.object({ id: z.number().int(), name: z.string(), price: z.number() })),
})

/** An order of about so many bytes of JSON. */
export function orderOf(bytes: number): Order {
  const count = Math.max(1, Math.round(bytes / 43))
  return {
    customer: 'alice',
    items: Array.from({ length: count }, (_, id) => ({ id, name: `item ${id}`, price: 9.99 })),
  }
}

/** What a handler answers with: about as much as it was sent. */
export function confirm({ items }: Order): Confirmation {
  return { items, total: items.length, mark: ANSWER_MARK }
}

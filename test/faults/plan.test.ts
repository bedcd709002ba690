import { expect, test } from 'vitest'
import { cellsOf } from './cells.ts'
import { planRun } from './plan.ts'
import { formatPlan, parsePlan } from './plan-file.ts'

test('a seed and a cell make the same plan again, another seed another one', () => {
  const cell = { transport: 'sse', log: 'redis', fault: 'mixed' } as const
  expect(planRun(7, cell)).toEqual(planRun(7, cell))
  expect(planRun(8, cell)).not.toEqual(planRun(7, cell))
})

test('a plan can be kept in a file', () => {
  const plan = planRun(7, { transport: 'ws', log: 'nats', fault: 'mixed' })
  expect(parsePlan(formatPlan(plan))).toEqual(plan)
})

test('patterns choose cells', () => {
  expect(cellsOf('sse/redis/cut')).toEqual([{ transport: 'sse', log: 'redis', fault: 'cut' }])
  expect(cellsOf('port/memory').map(({ fault }) => fault)).not.toContain('kill-server')
  expect(cellsOf('all/redis').map(({ fault }) => fault)).toEqual(['mixed'])
  expect(cellsOf('*/*/mixed')).toHaveLength(20)
  expect(new Set(cellsOf().map(({ fault }) => fault)).size).toBe(34)
})

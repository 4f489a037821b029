// The scalars of the peers' schema.

export const OFFSET = '+05:30'

// The drivers give DATETIMEs as text, `2026-11-20 09:30:00`.
export function serializeMoment(value) {
  return `${value.slice(0, 10)}T${value.slice(11)}${OFFSET}`
}

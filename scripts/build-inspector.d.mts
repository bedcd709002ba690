export function hashPage(): string

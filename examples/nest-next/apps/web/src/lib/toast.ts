type Show = (message: string) => void

function show(type: string): Show {
  return (message) => {
    const toast = document.createElement('output')
    toast.className = `toast ${type}`
    toast.textContent = message
    document.body.append(toast)
    setTimeout(() => toast.remove(), 3000)
  }
}

/** As much of a toast library as the listener asks for. */
export const toast: Record<'info' | 'warning' | 'error' | 'success', Show> = {
  info: show('info'),
  warning: show('warning'),
  error: show('error'),
  success: show('success'),
}

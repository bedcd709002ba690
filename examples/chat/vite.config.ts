import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// Paths are relative to this directory, wherever the build is started from.
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: { outDir: 'dist', emptyOutDir: true },
})

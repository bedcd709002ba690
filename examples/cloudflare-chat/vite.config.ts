import { defineConfig } from 'vite'

// Paths are relative to this directory, wherever the build is started from.
export default defineConfig({
  root: import.meta.dirname,
  build: { outDir: 'dist', emptyOutDir: true, target: 'es2022' },
})

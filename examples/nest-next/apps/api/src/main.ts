import { NestFactory } from '@nestjs/core'
import { AppModule } from './app.module.ts'

const app = await NestFactory.create(AppModule)
app.enableCors()
// Lets calls finish and sends streams elsewhere before the process ends.
app.enableShutdownHooks()

const port = process.env['PORT'] ?? 3001
await app.listen(port)
console.log(`The API is running at http://localhost:${port}`)

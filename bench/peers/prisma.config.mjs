import { defineConfig } from 'prisma/config'

// `prisma generate` wants an address, and does not use it.
export default defineConfig({
  schema: 'prisma/schema.prisma',
  datasource: { url: process.env.DATABASE_URL ?? 'postgresql://localhost/unused' },
})

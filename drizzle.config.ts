import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'sqlite',
  schema: ['./src/db/schema.ts', './src/db/agentTables.ts', './src/db/authTables.ts'],
  out: './src/db/migrations',
});

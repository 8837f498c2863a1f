// Made by `npm run db:generate` from src/db/migrations. Do not edit.
import type { Migration } from './migrate.ts';

export const MIGRATIONS: readonly Migration[] = [
  {
    name: '0000_init',
    hash: '5a53ffbfab545980bd0000028e60f84f06728a258896541ffd433d105ba7c91f',
    sql: `CREATE TABLE \`events\` (
	\`id\` integer PRIMARY KEY NOT NULL,
	\`thread\` integer NOT NULL,
	\`seq\` integer NOT NULL,
	\`run\` integer NOT NULL,
	\`v\` integer NOT NULL,
	\`json\` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX \`events_thread_seq\` ON \`events\` (\`thread\`,\`seq\`);--> statement-breakpoint
CREATE TABLE \`messages\` (
	\`key\` integer PRIMARY KEY NOT NULL,
	\`id\` text NOT NULL,
	\`thread\` integer NOT NULL,
	\`run\` integer,
	\`role\` text NOT NULL,
	\`status\` text NOT NULL,
	\`seq\` integer,
	\`received_seq\` integer NOT NULL,
	\`discarded_seq\` integer,
	\`steering\` integer DEFAULT false NOT NULL,
	\`agent\` text,
	\`text\` text NOT NULL,
	\`reasoning\` text,
	\`finish\` text,
	\`metadata\` text,
	\`principal_id\` text,
	\`at\` integer NOT NULL,
	FOREIGN KEY (\`thread\`) REFERENCES \`threads\`(\`key\`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (\`run\`) REFERENCES \`runs\`(\`key\`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX \`messages_id_unique\` ON \`messages\` (\`id\`);--> statement-breakpoint
CREATE INDEX \`messages_transcript\` ON \`messages\` (\`thread\`,\`seq\`);--> statement-breakpoint
CREATE INDEX \`messages_run\` ON \`messages\` (\`run\`);--> statement-breakpoint
CREATE INDEX \`messages_discarded\` ON \`messages\` (\`thread\`) WHERE status = 'discarded';--> statement-breakpoint
CREATE TABLE \`meta\` (
	\`key\` text PRIMARY KEY NOT NULL,
	\`value\` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE \`prompts\` (
	\`hash\` text PRIMARY KEY NOT NULL,
	\`text\` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE \`receipts\` (
	\`principal\` text NOT NULL,
	\`key\` text NOT NULL,
	\`hash\` text NOT NULL,
	\`answer\` text NOT NULL,
	\`at\` integer NOT NULL,
	PRIMARY KEY(\`principal\`, \`key\`)
);
--> statement-breakpoint
CREATE INDEX \`receipts_at\` ON \`receipts\` (\`at\`);--> statement-breakpoint
CREATE TABLE \`runs\` (
	\`key\` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	\`id\` text NOT NULL,
	\`thread\` integer NOT NULL,
	\`parent\` integer,
	\`parent_call_id\` text,
	\`agent\` text NOT NULL,
	\`principal\` text NOT NULL,
	\`status\` text NOT NULL,
	\`attempt\` integer DEFAULT 0 NOT NULL,
	\`lease\` text,
	\`rank\` integer DEFAULT 0 NOT NULL,
	\`cancel_on_disconnect\` integer NOT NULL,
	\`options\` text NOT NULL,
	\`context\` text,
	\`cancel_by\` text,
	\`first_seq\` integer NOT NULL,
	\`last_seq\` integer,
	\`created_at\` integer NOT NULL,
	\`started_at\` integer,
	\`ended_at\` integer,
	\`usage\` text NOT NULL,
	\`outcome\` text,
	\`output\` text,
	\`error\` text,
	FOREIGN KEY (\`thread\`) REFERENCES \`threads\`(\`key\`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (\`parent\`) REFERENCES \`runs\`(\`key\`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX \`runs_id_unique\` ON \`runs\` (\`id\`);--> statement-breakpoint
CREATE UNIQUE INDEX \`runs_one_active_root\` ON \`runs\` (\`thread\`) WHERE parent is null and status in ('running', 'waiting');--> statement-breakpoint
CREATE INDEX \`runs_open\` ON \`runs\` (\`thread\`,\`rank\`) WHERE status in ('queued', 'running', 'waiting');--> statement-breakpoint
CREATE INDEX \`runs_thread\` ON \`runs\` (\`thread\`);--> statement-breakpoint
CREATE TABLE \`steps\` (
	\`key\` integer PRIMARY KEY NOT NULL,
	\`run\` integer NOT NULL,
	\`number\` integer NOT NULL,
	\`attempt\` integer NOT NULL,
	\`seq\` integer NOT NULL,
	\`message\` integer NOT NULL,
	\`model\` text NOT NULL,
	\`instructions\` text NOT NULL,
	\`tools\` text NOT NULL,
	\`options\` text NOT NULL,
	\`finish\` text,
	\`usage\` text,
	\`started_at\` integer NOT NULL,
	\`ended_at\` integer,
	FOREIGN KEY (\`run\`) REFERENCES \`runs\`(\`key\`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (\`message\`) REFERENCES \`messages\`(\`key\`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (\`instructions\`) REFERENCES \`prompts\`(\`hash\`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (\`tools\`) REFERENCES \`prompts\`(\`hash\`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX \`steps_run\` ON \`steps\` (\`run\`);--> statement-breakpoint
CREATE INDEX \`steps_message\` ON \`steps\` (\`message\`);--> statement-breakpoint
CREATE TABLE \`threads\` (
	\`key\` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	\`id\` text NOT NULL,
	\`owner\` text NOT NULL,
	\`title\` text,
	\`metadata\` text,
	\`created_at\` integer NOT NULL,
	\`updated_at\` integer NOT NULL,
	\`floor\` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX \`threads_id_unique\` ON \`threads\` (\`id\`);--> statement-breakpoint
CREATE INDEX \`threads_activity\` ON \`threads\` (\`owner\`,\`updated_at\`);--> statement-breakpoint
CREATE INDEX \`threads_created\` ON \`threads\` (\`owner\`,\`created_at\`);--> statement-breakpoint
CREATE TABLE \`tool_calls\` (
	\`key\` integer PRIMARY KEY NOT NULL,
	\`id\` text NOT NULL,
	\`thread\` integer NOT NULL,
	\`run\` integer,
	\`message\` integer NOT NULL,
	\`tool\` text NOT NULL,
	\`input\` text,
	\`rejected\` text,
	\`status\` text NOT NULL,
	\`output\` text,
	\`error\` text,
	\`called_seq\` integer NOT NULL,
	\`ended_seq\` integer,
	FOREIGN KEY (\`thread\`) REFERENCES \`threads\`(\`key\`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (\`run\`) REFERENCES \`runs\`(\`key\`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (\`message\`) REFERENCES \`messages\`(\`key\`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX \`tool_calls_id_unique\` ON \`tool_calls\` (\`id\`);--> statement-breakpoint
CREATE INDEX \`tool_calls_message\` ON \`tool_calls\` (\`message\`);--> statement-breakpoint
CREATE INDEX \`tool_calls_run\` ON \`tool_calls\` (\`run\`);--> statement-breakpoint
CREATE INDEX \`tool_calls_thread\` ON \`tool_calls\` (\`thread\`);`,
  },
  {
    name: '0001_prompt_indexes',
    hash: '79b76dc2fe685c536d1c6d9cc9795d001f3a9f4516c1934dded45e9b05b96b32',
    sql: `CREATE INDEX \`steps_instructions\` ON \`steps\` (\`instructions\`);--> statement-breakpoint
CREATE INDEX \`steps_tools\` ON \`steps\` (\`tools\`);`,
  },
  {
    name: '0002_event_index',
    hash: 'eff21098200023f8e5edd0a328d46119e04d7a49d55d656d1d10c7489e4812ac',
    sql: `CREATE TABLE \`event_index\` (
	\`thread\` integer NOT NULL,
	\`last_seq\` integer NOT NULL,
	\`ids\` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX \`event_index_thread\` ON \`event_index\` (\`thread\`,\`last_seq\`);--> statement-breakpoint
INSERT INTO \`event_index\` (\`thread\`, \`last_seq\`, \`ids\`)
SELECT \`thread\`, max(\`seq\`), json_group_array(\`id\` ORDER BY \`seq\`)
FROM (SELECT \`id\`, \`thread\`, \`seq\`, (row_number() OVER (PARTITION BY \`thread\` ORDER BY \`seq\`) - 1) / 128 AS \`block\` FROM \`events\`)
GROUP BY \`thread\`, \`block\`;--> statement-breakpoint
DROP INDEX \`events_thread_seq\`;
`,
  },
  {
    name: '0003_compact_deltas',
    hash: '2c3257bfa12622b2749181a35528c1cb976767f62195667be9d689288d34b9c2',
    sql: `ALTER TABLE \`events\` ADD \`message\` integer;--> statement-breakpoint
ALTER TABLE \`events\` ADD \`at\` integer;`,
  },
  {
    name: '0004_agents',
    hash: '37239a2e0314f4302881bc1104f78382bca8b431d63d54e9115fae79ffd71630',
    sql: `CREATE TABLE \`approval_rules\` (
	\`key\` integer PRIMARY KEY NOT NULL,
	\`thread\` integer NOT NULL,
	\`run\` integer,
	\`agent\` text NOT NULL,
	\`tool\` text NOT NULL,
	\`role\` text,
	\`decision\` text NOT NULL,
	\`by\` text NOT NULL,
	\`reason\` text,
	\`at\` integer NOT NULL,
	FOREIGN KEY (\`thread\`) REFERENCES \`threads\`(\`key\`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (\`run\`) REFERENCES \`runs\`(\`key\`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX \`approval_rules_thread\` ON \`approval_rules\` (\`thread\`,\`tool\`);--> statement-breakpoint
CREATE TABLE \`approvals\` (
	\`key\` integer PRIMARY KEY NOT NULL,
	\`call\` integer NOT NULL,
	\`thread\` integer NOT NULL,
	\`run\` integer NOT NULL,
	\`status\` text NOT NULL,
	\`role\` text,
	\`question\` text,
	\`requested_at\` integer NOT NULL,
	\`decided_at\` integer,
	\`by\` text,
	\`reason\` text,
	\`remember\` text,
	FOREIGN KEY (\`call\`) REFERENCES \`tool_calls\`(\`key\`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (\`thread\`) REFERENCES \`threads\`(\`key\`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (\`run\`) REFERENCES \`runs\`(\`key\`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX \`approvals_call\` ON \`approvals\` (\`call\`);--> statement-breakpoint
CREATE INDEX \`approvals_thread\` ON \`approvals\` (\`thread\`);--> statement-breakpoint
CREATE INDEX \`approvals_pending\` ON \`approvals\` (\`role\`,\`key\`) WHERE status = 'pending';--> statement-breakpoint
CREATE TABLE \`file_chunks\` (
	\`file\` integer NOT NULL,
	\`number\` integer NOT NULL,
	\`bytes\` blob NOT NULL,
	PRIMARY KEY(\`file\`, \`number\`),
	FOREIGN KEY (\`file\`) REFERENCES \`files\`(\`key\`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE \`files\` (
	\`key\` integer PRIMARY KEY NOT NULL,
	\`id\` text NOT NULL,
	\`owner\` text NOT NULL,
	\`thread\` integer,
	\`name\` text,
	\`type\` text NOT NULL,
	\`size\` integer NOT NULL,
	\`sha256\` text NOT NULL,
	\`complete\` integer NOT NULL,
	\`created_at\` integer NOT NULL,
	FOREIGN KEY (\`thread\`) REFERENCES \`threads\`(\`key\`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX \`files_id_unique\` ON \`files\` (\`id\`);--> statement-breakpoint
CREATE INDEX \`files_owner\` ON \`files\` (\`owner\`);--> statement-breakpoint
CREATE INDEX \`files_thread\` ON \`files\` (\`thread\`);--> statement-breakpoint
CREATE TABLE \`memories\` (
	\`scope\` text NOT NULL,
	\`holder\` text NOT NULL,
	\`key\` text NOT NULL,
	\`value\` text NOT NULL,
	\`updated_at\` integer NOT NULL,
	PRIMARY KEY(\`scope\`, \`holder\`, \`key\`)
);
--> statement-breakpoint
CREATE TABLE \`summaries\` (
	\`key\` integer PRIMARY KEY NOT NULL,
	\`thread\` integer NOT NULL,
	\`agent\` text NOT NULL,
	\`seq\` integer NOT NULL,
	\`text\` text NOT NULL,
	\`model\` text NOT NULL,
	\`usage\` text,
	\`created_at\` integer NOT NULL,
	FOREIGN KEY (\`thread\`) REFERENCES \`threads\`(\`key\`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX \`summaries_thread\` ON \`summaries\` (\`thread\`,\`agent\`,\`seq\`);--> statement-breakpoint
ALTER TABLE \`messages\` ADD \`attachments\` text;--> statement-breakpoint
ALTER TABLE \`messages\` ADD \`provider_state\` text;--> statement-breakpoint
ALTER TABLE \`messages\` ADD \`verdicts\` text;--> statement-breakpoint
ALTER TABLE \`runs\` ADD \`depth\` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE \`runs\` ADD \`current_agent\` text;--> statement-breakpoint
ALTER TABLE \`runs\` ADD \`handoffs\` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE \`runs\` ADD \`agents\` text;--> statement-breakpoint
ALTER TABLE \`runs\` ADD \`task\` text;--> statement-breakpoint
CREATE INDEX \`runs_children\` ON \`runs\` (\`parent\`) WHERE parent is not null;--> statement-breakpoint
ALTER TABLE \`steps\` ADD \`note\` text;--> statement-breakpoint
ALTER TABLE \`tool_calls\` ADD \`waits_for\` text;--> statement-breakpoint
ALTER TABLE \`tool_calls\` ADD \`expires_at\` integer;--> statement-breakpoint
ALTER TABLE \`tool_calls\` ADD \`idempotent\` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE \`tool_calls\` ADD \`edited_input\` text;--> statement-breakpoint
ALTER TABLE \`tool_calls\` ADD \`file\` text;--> statement-breakpoint
CREATE INDEX \`tool_calls_expiry\` ON \`tool_calls\` (\`expires_at\`) WHERE status = 'waiting' and expires_at is not null;`,
  },
  {
    name: '0005_trust',
    hash: '5f3d767cd137ffff125239c1df933555847900544512d01e86dc464062b77bbc',
    sql: `CREATE TABLE \`api_keys\` (
	\`key\` integer PRIMARY KEY NOT NULL,
	\`id\` text NOT NULL,
	\`name\` text NOT NULL,
	\`hash\` text NOT NULL,
	\`prefix\` text NOT NULL,
	\`principal_id\` text NOT NULL,
	\`roles\` text NOT NULL,
	\`tier\` text,
	\`scopes\` text,
	\`tenant\` text,
	\`expires_at\` integer,
	\`last_used_at\` integer,
	\`revoked_at\` integer,
	\`created_at\` integer NOT NULL,
	\`created_by\` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX \`api_keys_id_unique\` ON \`api_keys\` (\`id\`);--> statement-breakpoint
CREATE UNIQUE INDEX \`api_keys_hash_unique\` ON \`api_keys\` (\`hash\`);--> statement-breakpoint
CREATE INDEX \`api_keys_principal\` ON \`api_keys\` (\`principal_id\`);--> statement-breakpoint
CREATE TABLE \`audit_log\` (
	\`id\` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	\`at\` integer NOT NULL,
	\`actor\` text,
	\`action\` text NOT NULL,
	\`target\` text,
	\`outcome\` text NOT NULL,
	\`origin\` text,
	\`details\` text,
	\`hash\` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX \`audit_log_at\` ON \`audit_log\` (\`at\`);--> statement-breakpoint
CREATE INDEX \`audit_log_actor\` ON \`audit_log\` (\`actor\`);--> statement-breakpoint
CREATE TABLE \`disabled_agents\` (
	\`name\` text PRIMARY KEY NOT NULL,
	\`by\` text NOT NULL,
	\`at\` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE \`logins\` (
	\`key\` integer PRIMARY KEY NOT NULL,
	\`id\` text NOT NULL,
	\`user\` integer NOT NULL,
	\`created_at\` integer NOT NULL,
	\`expires_at\` integer NOT NULL,
	\`revoked_at\` integer,
	\`reason\` text,
	FOREIGN KEY (\`user\`) REFERENCES \`users\`(\`key\`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX \`logins_id_unique\` ON \`logins\` (\`id\`);--> statement-breakpoint
CREATE INDEX \`logins_user\` ON \`logins\` (\`user\`);--> statement-breakpoint
CREATE INDEX \`logins_expiry\` ON \`logins\` (\`expires_at\`);--> statement-breakpoint
CREATE TABLE \`rate_counts\` (
	\`key\` text PRIMARY KEY NOT NULL,
	\`points\` integer NOT NULL,
	\`expire\` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX \`rate_counts_expire\` ON \`rate_counts\` (\`expire\`);--> statement-breakpoint
CREATE TABLE \`shares\` (
	\`key\` integer PRIMARY KEY NOT NULL,
	\`id\` text NOT NULL,
	\`thread\` integer NOT NULL,
	\`access\` text NOT NULL,
	\`owner\` text,
	\`secret_hash\` text,
	\`link\` integer,
	\`expires_at\` integer,
	\`created_at\` integer NOT NULL,
	\`created_by\` text NOT NULL,
	FOREIGN KEY (\`thread\`) REFERENCES \`threads\`(\`key\`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (\`link\`) REFERENCES \`shares\`(\`key\`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX \`shares_id_unique\` ON \`shares\` (\`id\`);--> statement-breakpoint
CREATE UNIQUE INDEX \`shares_secret_hash_unique\` ON \`shares\` (\`secret_hash\`);--> statement-breakpoint
CREATE INDEX \`shares_thread\` ON \`shares\` (\`thread\`);--> statement-breakpoint
CREATE INDEX \`shares_owner\` ON \`shares\` (\`owner\`);--> statement-breakpoint
CREATE INDEX \`shares_expiry\` ON \`shares\` (\`expires_at\`) WHERE expires_at is not null;--> statement-breakpoint
CREATE TABLE \`tokens\` (
	\`hash\` text PRIMARY KEY NOT NULL,
	\`kind\` text NOT NULL,
	\`login\` integer NOT NULL,
	\`expires_at\` integer NOT NULL,
	\`used_at\` integer,
	\`seed\` text,
	FOREIGN KEY (\`login\`) REFERENCES \`logins\`(\`key\`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX \`tokens_login\` ON \`tokens\` (\`login\`);--> statement-breakpoint
CREATE INDEX \`tokens_expiry\` ON \`tokens\` (\`expires_at\`);--> statement-breakpoint
CREATE TABLE \`usage_days\` (
	\`owner\` text NOT NULL,
	\`day\` integer NOT NULL,
	\`tokens\` integer NOT NULL,
	\`micro_cost\` integer NOT NULL,
	PRIMARY KEY(\`owner\`, \`day\`)
);
--> statement-breakpoint
CREATE TABLE \`users\` (
	\`key\` integer PRIMARY KEY NOT NULL,
	\`id\` text NOT NULL,
	\`name\` text NOT NULL,
	\`password_hash\` text,
	\`roles\` text NOT NULL,
	\`tier\` text,
	\`tenant\` text,
	\`disabled_at\` integer,
	\`created_at\` integer NOT NULL,
	\`updated_at\` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX \`users_id_unique\` ON \`users\` (\`id\`);--> statement-breakpoint
CREATE UNIQUE INDEX \`users_name\` ON \`users\` (\`name\`);--> statement-breakpoint
ALTER TABLE \`runs\` ADD \`fresh\` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE \`runs\` ADD \`budget\` text;--> statement-breakpoint
ALTER TABLE \`runs\` ADD \`traceparent\` text;--> statement-breakpoint
ALTER TABLE \`threads\` ADD \`tenant\` text;--> statement-breakpoint
CREATE INDEX \`threads_tenant\` ON \`threads\` (\`tenant\`) WHERE tenant is not null;--> statement-breakpoint
CREATE INDEX \`messages_attached\` ON \`messages\` (\`thread\`) WHERE attachments is not null;--> statement-breakpoint
CREATE INDEX \`tool_calls_files\` ON \`tool_calls\` (\`thread\`) WHERE file is not null;--> statement-breakpoint
CREATE INDEX \`approval_rules_run\` ON \`approval_rules\` (\`run\`);--> statement-breakpoint
CREATE INDEX \`approvals_run\` ON \`approvals\` (\`run\`);
--> statement-breakpoint
CREATE TRIGGER \`audit_log_no_update\` BEFORE UPDATE ON \`audit_log\`
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
--> statement-breakpoint
-- A row may go once a later one says up to where the log was cut, and what the first one left follows.
CREATE TRIGGER \`audit_log_no_delete\` BEFORE DELETE ON \`audit_log\`
WHEN old.\`id\` > coalesce((SELECT json_extract(\`details\`, '$.upTo') FROM \`audit_log\` WHERE \`action\` = 'audit.cut' ORDER BY \`id\` DESC LIMIT 1), 0)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
`,
  },
  {
    name: '0006_remembered_deciders',
    hash: 'd724ffd0453867c38acad7109098bd58230c28327570c7547278c4a5ce685b35',
    sql: `ALTER TABLE \`approval_rules\` ADD \`principal\` text;`,
  },
];

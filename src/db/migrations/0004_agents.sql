CREATE TABLE `approval_rules` (
	`key` integer PRIMARY KEY NOT NULL,
	`thread` integer NOT NULL,
	`run` integer,
	`agent` text NOT NULL,
	`tool` text NOT NULL,
	`role` text,
	`decision` text NOT NULL,
	`by` text NOT NULL,
	`reason` text,
	`at` integer NOT NULL,
	FOREIGN KEY (`thread`) REFERENCES `threads`(`key`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`run`) REFERENCES `runs`(`key`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `approval_rules_thread` ON `approval_rules` (`thread`,`tool`);--> statement-breakpoint
CREATE TABLE `approvals` (
	`key` integer PRIMARY KEY NOT NULL,
	`call` integer NOT NULL,
	`thread` integer NOT NULL,
	`run` integer NOT NULL,
	`status` text NOT NULL,
	`role` text,
	`question` text,
	`requested_at` integer NOT NULL,
	`decided_at` integer,
	`by` text,
	`reason` text,
	`remember` text,
	FOREIGN KEY (`call`) REFERENCES `tool_calls`(`key`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`thread`) REFERENCES `threads`(`key`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`run`) REFERENCES `runs`(`key`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `approvals_call` ON `approvals` (`call`);--> statement-breakpoint
CREATE INDEX `approvals_thread` ON `approvals` (`thread`);--> statement-breakpoint
CREATE INDEX `approvals_pending` ON `approvals` (`role`,`key`) WHERE status = 'pending';--> statement-breakpoint
CREATE TABLE `file_chunks` (
	`file` integer NOT NULL,
	`number` integer NOT NULL,
	`bytes` blob NOT NULL,
	PRIMARY KEY(`file`, `number`),
	FOREIGN KEY (`file`) REFERENCES `files`(`key`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `files` (
	`key` integer PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	`owner` text NOT NULL,
	`thread` integer,
	`name` text,
	`type` text NOT NULL,
	`size` integer NOT NULL,
	`sha256` text NOT NULL,
	`complete` integer NOT NULL,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`thread`) REFERENCES `threads`(`key`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `files_id_unique` ON `files` (`id`);--> statement-breakpoint
CREATE INDEX `files_owner` ON `files` (`owner`);--> statement-breakpoint
CREATE INDEX `files_thread` ON `files` (`thread`);--> statement-breakpoint
CREATE TABLE `memories` (
	`scope` text NOT NULL,
	`holder` text NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`scope`, `holder`, `key`)
);
--> statement-breakpoint
CREATE TABLE `summaries` (
	`key` integer PRIMARY KEY NOT NULL,
	`thread` integer NOT NULL,
	`agent` text NOT NULL,
	`seq` integer NOT NULL,
	`text` text NOT NULL,
	`model` text NOT NULL,
	`usage` text,
	`created_at` integer NOT NULL,
	FOREIGN KEY (`thread`) REFERENCES `threads`(`key`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `summaries_thread` ON `summaries` (`thread`,`agent`,`seq`);--> statement-breakpoint
ALTER TABLE `messages` ADD `attachments` text;--> statement-breakpoint
ALTER TABLE `messages` ADD `provider_state` text;--> statement-breakpoint
ALTER TABLE `messages` ADD `verdicts` text;--> statement-breakpoint
ALTER TABLE `runs` ADD `depth` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `runs` ADD `current_agent` text;--> statement-breakpoint
ALTER TABLE `runs` ADD `handoffs` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `runs` ADD `agents` text;--> statement-breakpoint
ALTER TABLE `runs` ADD `task` text;--> statement-breakpoint
CREATE INDEX `runs_children` ON `runs` (`parent`) WHERE parent is not null;--> statement-breakpoint
ALTER TABLE `steps` ADD `note` text;--> statement-breakpoint
ALTER TABLE `tool_calls` ADD `waits_for` text;--> statement-breakpoint
ALTER TABLE `tool_calls` ADD `expires_at` integer;--> statement-breakpoint
ALTER TABLE `tool_calls` ADD `idempotent` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `tool_calls` ADD `edited_input` text;--> statement-breakpoint
ALTER TABLE `tool_calls` ADD `file` text;--> statement-breakpoint
CREATE INDEX `tool_calls_expiry` ON `tool_calls` (`expires_at`) WHERE status = 'waiting' and expires_at is not null;
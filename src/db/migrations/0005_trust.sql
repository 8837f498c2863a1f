CREATE TABLE `api_keys` (
	`key` integer PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`hash` text NOT NULL,
	`prefix` text NOT NULL,
	`principal_id` text NOT NULL,
	`roles` text NOT NULL,
	`tier` text,
	`scopes` text,
	`tenant` text,
	`expires_at` integer,
	`last_used_at` integer,
	`revoked_at` integer,
	`created_at` integer NOT NULL,
	`created_by` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `api_keys_id_unique` ON `api_keys` (`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `api_keys_hash_unique` ON `api_keys` (`hash`);--> statement-breakpoint
CREATE INDEX `api_keys_principal` ON `api_keys` (`principal_id`);--> statement-breakpoint
CREATE TABLE `audit_log` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` integer NOT NULL,
	`actor` text,
	`action` text NOT NULL,
	`target` text,
	`outcome` text NOT NULL,
	`origin` text,
	`details` text,
	`hash` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `audit_log_at` ON `audit_log` (`at`);--> statement-breakpoint
CREATE INDEX `audit_log_actor` ON `audit_log` (`actor`);--> statement-breakpoint
CREATE TABLE `disabled_agents` (
	`name` text PRIMARY KEY NOT NULL,
	`by` text NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `logins` (
	`key` integer PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	`user` integer NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`revoked_at` integer,
	`reason` text,
	FOREIGN KEY (`user`) REFERENCES `users`(`key`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `logins_id_unique` ON `logins` (`id`);--> statement-breakpoint
CREATE INDEX `logins_user` ON `logins` (`user`);--> statement-breakpoint
CREATE INDEX `logins_expiry` ON `logins` (`expires_at`);--> statement-breakpoint
CREATE TABLE `rate_counts` (
	`key` text PRIMARY KEY NOT NULL,
	`points` integer NOT NULL,
	`expire` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `rate_counts_expire` ON `rate_counts` (`expire`);--> statement-breakpoint
CREATE TABLE `shares` (
	`key` integer PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	`thread` integer NOT NULL,
	`access` text NOT NULL,
	`owner` text,
	`secret_hash` text,
	`link` integer,
	`expires_at` integer,
	`created_at` integer NOT NULL,
	`created_by` text NOT NULL,
	FOREIGN KEY (`thread`) REFERENCES `threads`(`key`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`link`) REFERENCES `shares`(`key`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `shares_id_unique` ON `shares` (`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `shares_secret_hash_unique` ON `shares` (`secret_hash`);--> statement-breakpoint
CREATE INDEX `shares_thread` ON `shares` (`thread`);--> statement-breakpoint
CREATE INDEX `shares_owner` ON `shares` (`owner`);--> statement-breakpoint
CREATE INDEX `shares_expiry` ON `shares` (`expires_at`) WHERE expires_at is not null;--> statement-breakpoint
CREATE TABLE `tokens` (
	`hash` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`login` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`used_at` integer,
	`seed` text,
	FOREIGN KEY (`login`) REFERENCES `logins`(`key`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `tokens_login` ON `tokens` (`login`);--> statement-breakpoint
CREATE INDEX `tokens_expiry` ON `tokens` (`expires_at`);--> statement-breakpoint
CREATE TABLE `usage_days` (
	`owner` text NOT NULL,
	`day` integer NOT NULL,
	`tokens` integer NOT NULL,
	`micro_cost` integer NOT NULL,
	PRIMARY KEY(`owner`, `day`)
);
--> statement-breakpoint
CREATE TABLE `users` (
	`key` integer PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`password_hash` text,
	`roles` text NOT NULL,
	`tier` text,
	`tenant` text,
	`disabled_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_id_unique` ON `users` (`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `users_name` ON `users` (`name`);--> statement-breakpoint
ALTER TABLE `runs` ADD `fresh` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `runs` ADD `budget` text;--> statement-breakpoint
ALTER TABLE `runs` ADD `traceparent` text;--> statement-breakpoint
ALTER TABLE `threads` ADD `tenant` text;--> statement-breakpoint
CREATE INDEX `threads_tenant` ON `threads` (`tenant`) WHERE tenant is not null;--> statement-breakpoint
CREATE INDEX `messages_attached` ON `messages` (`thread`) WHERE attachments is not null;--> statement-breakpoint
CREATE INDEX `tool_calls_files` ON `tool_calls` (`thread`) WHERE file is not null;--> statement-breakpoint
CREATE INDEX `approval_rules_run` ON `approval_rules` (`run`);--> statement-breakpoint
CREATE INDEX `approvals_run` ON `approvals` (`run`);
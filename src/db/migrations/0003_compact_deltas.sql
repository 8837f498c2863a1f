ALTER TABLE `events` ADD `message` integer;--> statement-breakpoint
ALTER TABLE `events` ADD `at` integer;
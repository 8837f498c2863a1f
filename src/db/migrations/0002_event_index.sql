CREATE TABLE `event_index` (
	`thread` integer NOT NULL,
	`last_seq` integer NOT NULL,
	`ids` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `event_index_thread` ON `event_index` (`thread`,`last_seq`);--> statement-breakpoint
INSERT INTO `event_index` (`thread`, `last_seq`, `ids`)
SELECT `thread`, max(`seq`), json_group_array(`id` ORDER BY `seq`)
FROM (SELECT `id`, `thread`, `seq`, (row_number() OVER (PARTITION BY `thread` ORDER BY `seq`) - 1) / 128 AS `block` FROM `events`)
GROUP BY `thread`, `block`;--> statement-breakpoint
DROP INDEX `events_thread_seq`;

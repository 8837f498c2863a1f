CREATE TRIGGER `audit_log_no_update` BEFORE UPDATE ON `audit_log`
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
--> statement-breakpoint
-- A row may go once a later one says up to where the log was cut, and what the first one left follows.
CREATE TRIGGER `audit_log_no_delete` BEFORE DELETE ON `audit_log`
WHEN old.`id` > coalesce((SELECT json_extract(`details`, '$.upTo') FROM `audit_log` WHERE `action` = 'audit.cut' ORDER BY `id` DESC LIMIT 1), 0)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

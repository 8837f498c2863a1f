CREATE INDEX `steps_instructions` ON `steps` (`instructions`);--> statement-breakpoint
CREATE INDEX `steps_tools` ON `steps` (`tools`);
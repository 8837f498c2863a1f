export const DEFAULT_SUMMARY_PROMPT =
  'Sum up the conversation that follows, for somebody who has to go on with it and has not read it. Keep names, numbers, dates, decisions, ' +
  'open questions, and what the user wants and dislikes. Leave out pleasantries. Answer with the summary alone.';

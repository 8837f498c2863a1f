/** The log by SQL alone: what each row stands for, whatever its format. To be followed by `where` or `order by`, over `e`. */
export const STORED_EVENTS = `
  select e.id, e.thread, e.seq, e.v, case e.v when 1 then e.json else
    '{"seq":' || e.seq || ',"at":' || e.at || ',"type":"' || case e.v when 2 then 'text' else 'reasoning' end || '.delta","runId":"' || r.id
    || '","messageId":"' || m.id || '","delta":' || e.json || '}' end as json
  from events e left join messages m on m.key = e.message left join runs r on r.key = m.run`;

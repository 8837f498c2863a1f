import { memo, type ReactNode } from 'react';
import type { ThreadInfo } from 'verbatim-agents/client';
import { Link } from 'wouter';
import { strings } from '../../strings.ts';
import { Badge } from '../../ui/badge.tsx';
import { RowMenu } from '../../ui/rowMenu.tsx';
import { TimeText } from '../../ui/timeText.tsx';
import { useNameOf } from '../../ui/useNames.ts';
import type { Act } from './threadsPage.tsx';
import { titleOf } from './titleOf.ts';

const text = strings.threads;

export interface ThreadRowProps {
  readonly thread: ThreadInfo;
  readonly at: number;
  onAct(act: Act, thread: ThreadInfo): void;
}

export const ThreadRow = memo(function ThreadRow({ thread, at, onAct }: ThreadRowProps): ReactNode {
  const { id, access, ownerId, activeRunId } = thread;
  const title = titleOf(thread);
  const owner = useNameOf(ownerId);
  const acts: readonly Act[] = access === undefined || access === 'manage' ? ['rename', 'share', 'delete'] : [];
  return (
    <>
      <Link href={`/threads/${id}`} className="thread-title" data-untitled={!thread.title?.trim()}>
        {title}
      </Link>
      <span className="thread-about">
        {activeRunId !== undefined && <Badge tone="good">{text.active}</Badge>}
        {(access === 'read' || access === 'write') && <Badge>{text.access[access]}</Badge>}
        {ownerId !== undefined && (
          <span className="thread-owner" title={ownerId}>
            {text.of(owner ?? ownerId)}
          </span>
        )}
      </span>
      <TimeText at={at} />
      {acts.length > 0 ? (
        <RowMenu
          label={text.actionsOf(title)}
          items={acts.map((act) => ({ title: text[act], isDanger: act === 'delete', onChoose: () => onAct(act, thread) }))}
        />
      ) : (
        <span />
      )}
    </>
  );
});

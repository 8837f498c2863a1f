import { Component, type ReactNode } from 'react';
import { strings } from '../strings.ts';

export interface CatchErrorProps {
  readonly children: ReactNode;
  /** Stands in the place of what broke; without it, that the page has failed. */
  readonly instead?: ReactNode;
}

/** A page that breaks says so, instead of going white; with `instead`, only the part of it that broke. */
export class CatchError extends Component<CatchErrorProps, { readonly broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError(): { readonly broken: boolean } {
    return { broken: true };
  }

  override render(): ReactNode {
    const { children, instead } = this.props;
    if (!this.state.broken) return children;
    if (instead !== undefined) return instead;
    return (
      <div className="state failed" role="alert">
        <p>{strings.state.broken}</p>
        <button type="button" className="button" onClick={() => window.location.reload()}>
          {strings.state.reload}
        </button>
      </div>
    );
  }
}

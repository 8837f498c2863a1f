import { Component, type ReactNode } from 'react';
import { strings } from '../strings.ts';

/** A page that breaks says so, instead of going white. */
export class CatchError extends Component<{ readonly children: ReactNode }, { readonly broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError(): { readonly broken: boolean } {
    return { broken: true };
  }

  override render(): ReactNode {
    if (!this.state.broken) return this.props.children;
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

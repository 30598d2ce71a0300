import { Component, type ReactNode } from 'react';

/** Says that the page broke, instead of showing nothing at all. */
export class CrashGuard extends Component<{ children: ReactNode }, { isBroken: boolean }> {
  override state = { isBroken: false };

  static getDerivedStateFromError() {
    return { isBroken: true };
  }

  override render() {
    if (!this.state.isBroken) return this.props.children;
    return (
      <main className="sheet">
        <h1>This page ran into an error</h1>
        <p className="lead">Your conversations are safe on the server. Reload to go on where you were.</p>
        <div>
          <button type="button" className="button primary" onClick={() => location.reload()}>
            Reload
          </button>
        </div>
      </main>
    );
  }
}

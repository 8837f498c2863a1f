import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { takeShareSecret } from './pages/share/shareSecret.ts';
import { keptTheme, showTheme } from './themeChoice.tsx';
import './theme.css';

showTheme(keptTheme());
// Before anything else is shown or loaded.
if (window.location.pathname === '/share') takeShareSecret();

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no root.');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);

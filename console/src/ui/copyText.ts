/** Resolves when the clipboard holds the text. Rejects where the browser does not let a page do that. */
export async function copyText(text: string): Promise<void> {
  // Absent on a page that came by plain http from another machine.
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'hidden';
  const focused = document.activeElement;
  // Beside what has the focus: a dialog lets nothing outside of itself be selected.
  (focused?.parentElement ?? document.body).append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  if (!copied) throw new Error('The browser copied nothing.');
}

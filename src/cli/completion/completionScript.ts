export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

// Each asks the command that is typed, so that the one of a project answers for itself. Nothing that it answers is evaluated.
const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `# Completion of verbatim for bash. In ~/.bashrc: eval "$(verbatim completion bash)"
_verbatim() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("$line")
  done < <("\${COMP_WORDS[0]}" __complete bash "\${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
}
complete -o default -F _verbatim verbatim
`,
  zsh: `#compdef verbatim
# Completion of verbatim for zsh. In ~/.zshrc, after compinit: eval "$(verbatim completion zsh)"
_verbatim() {
  local -a found
  local line
  while IFS= read -r line; do
    found+=("$line")
  done < <("\${words[1]}" __complete zsh "\${(@Q)words[2,CURRENT]}" 2>/dev/null)
  if [[ "\${found[1]}" == ':files' ]]; then
    _files
  elif (( \${#found} )); then
    _describe -V verbatim found
  fi
}
if [[ "\${funcstack[1]}" == '_verbatim' ]]; then
  _verbatim "$@"
else
  compdef _verbatim verbatim
fi
`,
  fish: `# Completion of verbatim for fish. In ~/.config/fish/config.fish: verbatim completion fish | source
function __verbatim_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l found ($words[1] __complete fish $words[2..-1] "$current" 2>/dev/null)
  if test "$found[1]" = ':files'
    __fish_complete_path "$current"
  else
    printf '%s\\n' $found
  end
end
complete -c verbatim -f -a '(__verbatim_complete)'
`,
};

export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}

import type { ReactNode } from 'react';
import { strings } from '../../strings.ts';
import { formatOffset } from './formatSpan.ts';
import type { TimeScale } from './timeScale.ts';
import { type Playback, SPEEDS } from './usePlayback.ts';

const text = strings.run.play;

export interface PlaybackBarProps {
  readonly playback: Playback;
  readonly scale: TimeScale;
  readonly isLive: boolean;
  readonly cutsWaits: boolean;
  onCutWaits(cut: boolean): void;
}

/** Plays the run again, and leads to any moment of it. */
export function PlaybackBar({ playback, scale, isLive, cutsWaits, onCutWaits }: PlaybackBarProps): ReactNode {
  const { place, isPlaying, speed } = playback;
  const shown = place ?? scale.lengthMs;
  const offset = formatOffset(scale.timeAt(shown) - scale.startAt);
  return (
    <fieldset className="run-play">
      <legend className="hidden">{text.label}</legend>
      <button type="button" className="button run-play-button" onClick={isPlaying ? playback.pause : playback.play}>
        {isPlaying ? text.pause : text.play}
      </button>
      <input
        type="range"
        className="run-play-slider"
        aria-label={text.moment}
        aria-valuetext={offset}
        min={0}
        max={Math.ceil(scale.lengthMs)}
        step={Math.max(1, Math.round(scale.lengthMs / 1_000))}
        value={Math.round(shown)}
        onChange={({ target }) => playback.seek(target.valueAsNumber)}
      />
      <output className="run-play-time">{offset}</output>
      <label className="run-play-speed">
        <span className="hidden">{text.speed}</span>
        <select value={speed} onChange={({ target }) => playback.setSpeed(Number(target.value))}>
          {SPEEDS.map((factor) => (
            <option key={factor} value={factor}>
              {factor}×
            </option>
          ))}
        </select>
      </label>
      <label className="run-play-cut">
        <input type="checkbox" checked={cutsWaits} onChange={({ target }) => onCutWaits(target.checked)} /> {text.cutWaits}
      </label>
      <button type="button" className="button quiet" disabled={place === undefined} onClick={playback.leave}>
        {isLive ? text.live : text.all}
      </button>
    </fieldset>
  );
}

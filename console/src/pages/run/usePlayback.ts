import { useCallback, useEffect, useRef, useState } from 'react';
import type { TimeScale } from './timeScale.ts';

export const SPEEDS = [0.5, 1, 2, 4, 8] as const;

export interface Playback {
  /** On the axis, in milliseconds; absent: all of the run is shown, and what comes as it comes. */
  readonly place: number | undefined;
  readonly isPlaying: boolean;
  readonly speed: number;
  setSpeed(speed: number): void;
  play(): void;
  pause(): void;
  seek(place: number): void;
  /** Shows all of it again. */
  leave(): void;
}

/** Plays a run again, as fast as it was, or some times slower or faster. */
export function usePlayback(scale: TimeScale): Playback {
  const [place, setPlace] = useState<number>();
  const [isPlaying, setPlaying] = useState(false);
  const [speed, setSpeed] = useState(1);
  const { lengthMs } = scale;
  const end = useRef(lengthMs);
  useEffect(() => {
    end.current = lengthMs;
  }, [lengthMs]);
  useEffect(() => {
    if (!isPlaying) return;
    let before = performance.now();
    let frame = requestAnimationFrame(function next(now) {
      const passed = Math.max(0, now - before) * speed;
      before = now;
      setPlace((at = 0) => Math.min(end.current, at + passed));
      frame = requestAnimationFrame(next);
    });
    return () => cancelAnimationFrame(frame);
  }, [isPlaying, speed]);
  const isAtEnd = place !== undefined && place >= lengthMs;
  useEffect(() => {
    if (isAtEnd) setPlaying(false);
  }, [isAtEnd]);

  const play = useCallback(() => {
    setPlace((at) => (at === undefined || at >= end.current ? 0 : at));
    setPlaying(true);
  }, []);
  const pause = useCallback(() => setPlaying(false), []);
  const seek = useCallback((to: number) => setPlace(to), []);
  const leave = useCallback(() => {
    setPlaying(false);
    setPlace(undefined);
  }, []);
  return { place, isPlaying, speed, setSpeed, play, pause, seek, leave };
}

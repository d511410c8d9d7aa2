import { useEffect, useState } from "react";

/** The current time, renewed often enough for "2 min. ago" to stay true. */
export function useNow(everyMilliseconds = 15_000): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), everyMilliseconds);
    return () => clearInterval(timer);
  }, [everyMilliseconds]);
  return now;
}

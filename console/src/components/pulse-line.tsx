/** A long calm line with one beat in it, behind the sign-in form. */
export function PulseLine() {
  return (
    <svg
      aria-hidden="true"
      viewBox="0 0 1200 240"
      preserveAspectRatio="xMidYMid slice"
      fill="none"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
      className="pointer-events-none fixed inset-x-0 bottom-[4vh] -z-10 h-60 w-full stroke-accent-bright/25"
    >
      <path d="M-400 120H470l34-84 58 176 46-132 28 40H1600" />
      <circle cx="470" cy="120" r="6" className="fill-canvas" />
      <circle cx="636" cy="120" r="6" className="fill-canvas" />
    </svg>
  );
}

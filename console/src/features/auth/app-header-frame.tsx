import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Logo } from "@/components/logo";

/** The bar at the top, which stands before anybody knows who is signed in. */
export function AppHeaderFrame({ children }: { children?: ReactNode }) {
  return (
    <header className="sticky top-0 z-10 border-b border-line bg-canvas">
      <div className="mx-auto flex h-14 max-w-6xl items-center gap-3 px-4 sm:px-6">
        <Link to="/links" className="-m-1 flex items-center gap-2.5 rounded-lg p-1">
          <Logo />
          <span className="font-semibold tracking-tight">LinkPulse</span>
        </Link>
        {children}
      </div>
    </header>
  );
}

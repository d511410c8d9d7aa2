import { createMemoryHistory } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { App, createApp } from "@/app";

/** The whole console at one address, as a browser would show it. */
export function renderApp(path: string) {
  const history = createMemoryHistory({ initialEntries: [`/console${path}`] });
  const app = createApp({ history, retries: 0 });
  const view = render(<App {...app} />);
  return { ...view, user: userEvent.setup(), address: () => history.location.href };
}

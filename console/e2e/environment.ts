/** Where the running system is and who may sign in; these tests start nothing themselves. */
export function readEnvironment() {
  return {
    url: required("LINKPULSE_E2E_URL", "the address of a running LinkPulse").replace(/\/$/, ""),
    email: required("LINKPULSE_E2E_EMAIL", "the e-mail address of a user there"),
    password: required("LINKPULSE_E2E_PASSWORD", "that user's password"),
  };
}

function required(name: string, meaning: string): string {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set: the browser test needs ${meaning}.`);
  }
  return value;
}

import { messages } from "../messages";

/** A small switch between day and night, for those who want another than their system's. Kept in the browser. */
const KEY = "nonlin-theme";
const root = document.documentElement;

function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function store(theme: string): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

const isDark = (): boolean =>
  root.dataset.theme === undefined
    ? matchMedia("(prefers-color-scheme: dark)").matches
    : root.dataset.theme === "dark";

export function addThemeToggle(header: Element | null): void {
  const theme = stored();
  if (theme === "dark" || theme === "light") root.dataset.theme = theme;
  if (!header) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "theme-toggle";
  const name = (): void => {
    button.setAttribute("aria-label", isDark() ? messages.toDay : messages.toNight);
    button.title = isDark() ? messages.toDay : messages.toNight;
  };
  button.addEventListener("click", () => {
    const next = isDark() ? "light" : "dark";
    root.dataset.theme = next;
    store(next);
    name();
  });
  name();
  header.append(button);
}

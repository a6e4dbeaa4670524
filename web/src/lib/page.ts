/** What the head of a page says about it. */

/** What stands before the ending of this language's files, as in `explorer.de.html`; nothing in the site's first language. */
export const pageSuffix = (): string => document.querySelector<HTMLMetaElement>('meta[name="nonlin-suffix"]')?.content ?? "";

/** Another language shows the figures as they are. */
export function keepState(languages: Element | null): void {
  languages?.addEventListener("click", (event) => {
    if (event.target instanceof HTMLAnchorElement) event.target.hash = location.hash;
  });
}

const MATHML = "http://www.w3.org/1998/Math/MathML";
const KEPT = new Set(["display", "mathvariant", "stretchy", "fence", "form", "displaystyle", "columnalign", "lspace", "rspace", "accent", "minsize", "maxsize", "width", "linethickness"]);

/**
 * A <math> element from text, with nothing in it but MathML and a few attributes: what comes from a typed
 * formula is drawn, never run. Text that is no MathML is shown as text.
 */
export function mathNode(text: string): Node {
  const parsed = new DOMParser().parseFromString(withNamespace(text), "application/xml").documentElement;
  if (parsed.namespaceURI !== MATHML || parsed.localName !== "math") return document.createTextNode(text);
  return cleaned(parsed);
}

const withNamespace = (text: string): string =>
  text.includes(MATHML) ? text : text.replace("<math", `<math xmlns="${MATHML}"`);

function cleaned(source: Element): Element {
  const element = document.createElementNS(MATHML, source.localName);
  for (const { name, value } of source.attributes) if (KEPT.has(name)) element.setAttribute(name, value);
  for (const child of source.childNodes) {
    if (child instanceof Element) {
      if (child.namespaceURI === MATHML && child.localName !== "annotation-xml") element.append(cleaned(child));
    } else if (child.nodeType === Node.TEXT_NODE) element.append(child.textContent ?? "");
  }
  return element;
}

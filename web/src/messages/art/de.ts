/** Texte des Studios auf Deutsch. */
import type { Messages } from "..";

const art: Messages["art"] = {
  what: (layers) =>
    `Ein Netz aus ${layers === 1 ? "einer Schicht" : `${layers} Schichten`} mit zufälligen Gewichten, die niemand trainiert hat, wird nach der Farbe jedes Pixels gefragt. Es erfährt, wo das Pixel liegt, und zwei Zahlen, die im ganzen Bild dieselben sind, die latenten. Was du siehst, ist vor allem die Kurve zwischen seinen Schichten.`,
  figure: "Art Studio: ein Bild aus einem kleinen Zufallsnetz",
  picture: "Das Bild. Die Pfeiltasten gehen Pixel für Pixel darüber",
  pixel: (x: string, y: string, outputs: string[], direct: boolean) => {
    const [first = "", second = "", third = ""] = outputs;
    const says = direct ? `Rot ${first}, Grün ${second}, Blau ${third}` : `Farbe ${first}, Helligkeit ${second}`;
    return `Bei x = ${x}, y = ${y} antwortet das Netz: ${says}.`;
  },
  outputs: (direct: boolean) => (direct ? ["Rot", "Grün", "Blau"] : ["Farbe", "Helligkeit"]),
  curve: (titles: string[]) => `Die Kurve von ${titles.join(", ")}`,
  wiring: (pixel: string) => `Das Netz, Schicht für Schicht, mit dem, was jede Einheit zu einem Pixel sagt. ${pixel}`,

  randomise: "Würfeln",
  breed: "Züchten",
  walk: "Abspielen",
  keep: "Behalten",
  isKept: "Behalten",
  byKey: (key: string) => `Taste ${key}`,

  activation: "Aktivierung",
  mixed: "gemischt",
  eachLayer: "jede Schicht ihre eigene",
  layer: (layer: number) => `Schicht ${layer + 1}`,
  latent: (index: number) => `latent ${index + 1}`,
  depth: "Schichten",
  width: "Einheiten in jeder",
  seed: "Startwert",
  anotherSeed: "ein anderer",
  palette: "Palette",
  paletteNote: (name: string) => {
    if (name === "rgb") return "Drei Ausgaben sind Rot, Grün und Blau";
    if (name === "okabe") return "Farben, die bei keiner Farbenblindheit verwechselt werden";
    return name === "signal" ? "Von Blau nach Orange, für alle Augen" : "Von dunkel nach hell, für alle Augen";
  },
  inputs: "Es sieht",
  inputName: (name: string) => {
    const names: Record<string, string> = { x: "x, quer", y: "y, hinunter", r: "r, den Abstand von der Mitte", latent: "latent, zwei Zahlen" };
    return names[name] ?? name;
  },

  breeding: "Variationen",
  breedingHelp: "Acht Bilder, die sich in je einer Sache unterscheiden. Such dir eins aus und züchte damit weiter.",
  present: "das jetzige Bild",
  variation: {
    latent: (value: string) => `latent ${value.replaceAll("-", "−")}`,
    palette: (value: string) => `Palette ${value}`,
    layer: (layer: number, title: string) => `Schicht ${layer + 1}: ${title}`,
    deeper: (value: string) => `tiefer: ${value} Schichten`,
    flatter: (value: string) => (value === "1" ? "eine Schicht" : `weniger Schichten: ${value}`),
    wider: (value: string) => `breiter: ${value} Einheiten`,
    narrower: (value: string) => `schmaler: ${value} Einheiten`,
    seed: (value: string) => `Startwert ${value}`,
  },

  gallery: "Galerie",
  galleryHelp: "Bleibt in diesem Browser und wird nirgendwohin gesendet.",
  galleryBlocked: "Dieser Browser lässt die Seite nichts behalten: Die Bilder bleiben, bis die Seite geschlossen wird.",
  take: (activation: string, seed: number) => `Das behaltene Bild zeigen: ${activation}, Startwert ${seed}`,
  forget: (activation: string, seed: number) => `${activation}, Startwert ${seed} vergessen`,
  forgetShort: "Vergessen",

  saveWidth: "Breite der Datei in Pixeln",
  saveHeight: "Höhe der Datei in Pixeln",
  wrongSize: (least: number, most: number) => `Eine Seite hat hier ${least} bis ${most} Pixel; der Befehl macht größere.`,
  saving: (percent: number) => `Es wird gemalt: ${percent} %`,
  saved: "Gespeichert. Die Einstellungen stehen in der Datei.",
  paintWith: "Damit malen",
  formula: "Dies ist eine statische Kopie der Seite: Sie hat die Funktionen des Katalogs, und nichts hier kann die Formel des Links übersetzen. Damit malt der Befehl:",
  more: "Plakate, Schleifen und Kontaktbögen:",
};

export default art;

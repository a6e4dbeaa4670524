/** Die Texte der Bilder, die in einer Lektion stehen, auf Deutsch. */
import type { Figures } from "..";

const superscript = (whole: number): string => [...String(whole)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)] ?? digit).join("");
const schichten = (count: number): string => (count === 1 ? "1 Schicht" : `${count} Schichten`);
const schritte = (count: number): string => (count === 1 ? "1 Schritt" : `${count.toLocaleString("de")} Schritte`);
const schritten = (count: number): string => (count === 1 ? "1 Schritt" : `${count.toLocaleString("de")} Schritten`);

const figures: Figures = {
  // Abbildung: linearity
  linearity: {
    title: "Die Linearitätsfalle",
    first: "Erst vermuten: Dann lassen sich die Schichten zusammenfassen, biegen und trainieren.",
    question: (layers) =>
      `${layers === 10 ? "Zehn Schichten" : layers === 1 ? "Eine Schicht" : schichten(layers)}, keine Aktivierung. Was kann das letzte Bild sein?`,
    options: [
      { key: "anything", label: "Fast alles: viele Schichten, viele Biegungen" },
      { key: "straight", label: "Ein gerades Gitter: gedreht, gestreckt, geschert, verschoben" },
      { key: "folded", label: "Gerade Stücke, ein paarmal gefaltet" },
    ],
    answer: (key) => {
      const truth =
        "Jede Schicht lässt Geraden gerade, also tun es auch zehn. Übrig bleibt eine Drehung, eine Streckung, eine Scherung und eine Verschiebung: eine Schicht.";
      if (key === "straight") return `Mehr ist es nicht. ${truth}`;
      if (key === "anything") return `Zehnmal nichts ist nichts: Hier gibt es keine Biegung, die sich anhäufen könnte. ${truth}`;
      if (key === "folded") return `Eine Falte ist ein Knick, und hier knickt nichts. ${truth}`;
      return truth;
    },
    input: "Eingabe",
    layer: (layer, activation) => `Schicht ${layer}${activation === "" ? "" : `, ${activation}`}`,
    output: (layers) => `Ausgabe, nach ${layers === 1 ? "einer Schicht" : `${layers} Schichten`}`,
    figureLabel: (layers) =>
      `Ein Gitter aus Geraden und eine dicke Linie in der Eingabe, und wohin ${layers === 1 ? "eine Schicht" : `jede der ${layers} Schichten`} sie bringt`,
    hint: "Jeder Punkt des Blatts ist ein Paar von Zahlen, die beiden Eingaben; eine Schicht macht zwei neue Zahlen daraus und verschiebt so den Punkt. Zieh an den Enden der dicken Linie in der Eingabe. Jedes Bild ist so vergrößert, dass alles hineinpasst.",
    scaled: "Die Gewichte sind so gewählt, dass die Summen jeder Schicht dorthin reichen, wo die Kurve sich biegt.",
    place: (x, y) => `(${x}; ${y})`,
    image: (from, to, off) =>
      off === ""
        ? `In der Ausgabe läuft die Linie gerade von ${from} nach ${to}, ihre Mitte in der Mitte.`
        : `In der Ausgabe läuft die Linie von ${from} nach ${to}, und ihre Mitte liegt um ${off} neben der Mitte dazwischen.`,
    notFinite: "außerhalb von float32",
    end: (first) => (first ? "Gefülltes Ende der Linie" : "Offenes Ende der Linie"),
    position: (x, y) => `x ${x}, y ${y}`,
    layers: "Schichten",
    between: "Zwischen zwei Schichten",
    none: "nichts",
    another: "Andere Gewichte",
    collapse: (layers) => (layers === 1 ? "Als eine Schicht ablesen" : `${layers} Schichten zu einer zusammenfassen`),
    uncollapse: "Wieder wegnehmen",
    task: "Lass es lernen",
    tasks: { none: "nichts", xor: "XOR", rings: "Ringe" },
  },

  // Abbildung: step
  stepDescent: {
    title: "Abstieg auf einer Stufe",
    question: "Ein Neuron, mit verschiedenen Kurven an dieselben Punkte angepasst. Welches wird nicht lernen?",
    answer: (right, asked, title) =>
      `${asked ? "" : right ? "Ja. " : "Nein, das lernt. "}${title} steht still: Wo immer es eine Steigung hat, ist sie 0, also ist der Gradient genau 0, und kein Schritt kann das Gewicht bewegen.`,
    fits: "das Neuron",
    fitsNote: "f(wx + b), und die Punkte dazu",
    losses: "der Verlust",
    lossesNote: "mittlerer quadratischer Fehler",
    stepAxis: "Schritt",
    figureLabel: (titles) =>
      `Links: Punkte auf einer Linie, nein oder ja, und die Antworten eines Neurons mit der Kurve ${titles.join(", ")}. Rechts: der Verlust jedes Neurons über die Schritte des Abstiegs.`,
    progress: (steps, most) => `Schritt ${steps} von ${most}`,
    another: "Andere Punkte",
    caption: "Jede Kopie des Neurons: ihr Verlust, die Größe ihres Gradienten, ihr Gewicht und ihr Bias",
    endsIn: "seine Kurve",
    copy: (number) => `Kurve von Kopie ${number} des Neurons`,
    lossNow: "Verlust",
    gradient: "Gradient",
    lr: "Lernrate",
    first: "Erst vermuten, dann laufen lassen.",
    ready: "Drück auf Start: Alle Kopien beginnen mit demselben Gewicht und gehen nach derselben Regel bergab.",
    after: (steps, parts) => `Nach ${schritten(steps)}: ${parts.join("; ")}.`,
    stays: (title, loss) => `${title} ist bei ${loss} mit einem Gradienten von genau 0 und bleibt daher dort`,
    moves: (title, from, to, down) =>
      from === to ? `${title} ist immer noch bei ${to}` : `${title} ist von ${from} auf ${to} ${down ? "gefallen" : "gestiegen"}`,
    broken:
      "Ein Verlust ist keine Zahl mehr: Die Lernrate ist so hoch, dass jeder Schritt weiter über das Ziel hinausschießt als der letzte, bis float32 es nicht mehr fasst. Nimm eine kleinere.",
  },

  // Abbildung: zigzag
  zigzag: {
    title: "Zickzack",
    question: "Derselbe Start, dieselbe Lernrate, dasselbe Ziel. Auf wessen Eingaben nimmt der Abstieg den längeren Weg?",
    on: (title) => `auf Ausgaben von ${title}`,
    bothSame: "auf beiden gleich",
    answer: (right, asked, summary) => `${asked ? "" : right ? "Ja. " : "Nein. "}${summary}`,
    panel: (title) => `Eingaben von ${title}`,
    wanted: "gesucht",
    figureLabel: (titles) =>
      `Zwei Karten des Verlusts über den beiden Gewichten eines Neurons, mit dem Weg des Abstiegs: ${titles
        .map((title) => `Eingaben von ${title}`)
        .join("; ")}`,
    start: (title) => `Start des Abstiegs, Eingaben von ${title}`,
    position: (w1, w2) => `erstes Gewicht ${w1}, zweites Gewicht ${w2}`,
    hint: "Zieh am Start; er ist auf beiden Seiten derselbe. Linien verbinden Gewichte mit gleichem Verlust, jede mit dem Vierfachen der nächsten weiter innen.",
    progress: (shown, most) => `Schritt ${shown} von ${most}`,
    lr: "Lernrate",
    batch: "Beispiele in einem Schritt",
    batches: { "1": "eins", "16": "16", all: "alle 400" },
    inputsFrom: (left) => (left ? "Links: Eingaben von" : "Rechts: Eingaben von"),
    caption: "Was jeder Abstieg gebraucht hat",
    stepsRow: "Schritte, bis 1 % des Wegs übrig ist",
    detourRow: "Weg, in Luftlinien",
    signRow: "Schritte, die beide Gewichte in dieselbe Richtung bewegten",
    stretchRow: "Länge des Tals, in Breiten",
    limitRow: "größte Lernrate, die hinabführt (alle Beispiele)",
    never: "nie",
    over: (most) => `über ${most}`,
    arrived: (title, steps, detour) => `Auf Ausgaben von ${title} braucht der Abstieg ${schritte(steps)} und das ${detour}-Fache der Luftlinie.`,
    underWay: (title, steps) => `Auf Ausgaben von ${title} ist er nach ${schritten(steps)} noch nicht da.`,
    diverged: (title) =>
      `Auf Ausgaben von ${title} schießt jeder Schritt weiter über das Ziel hinaus als der letzte: Die Lernrate ist zu hoch, und der Abstieg läuft davon.`,
  },

  // Abbildung: vanishing
  vanishing: {
    title: "Verschwindende Gradienten",
    figure: (title, other, depth) =>
      `Die Größe des Gradienten in jeder von ${schichten(depth)} ${title}${other ? `, und bei ${other}` : ""}`,
    axis: "Größe des Gradienten in jeder Schicht",
    backward: "Rückweg des Gradienten",
    loss: "Verlust",
    firstLayer: "erste Schicht",
    lastLayer: "letzte Schicht",
    layers: schichten,
    layer: (layer) => `Schicht ${layer}`,
    depthHandle: "Tiefe des Stapels: zieh ihn länger",
    layerSlider: "Schicht, die du ansiehst",
    spokenLayer: (layer, readings) =>
      [
        `Schicht ${layer}`,
        ...readings.map(({ title, norm, slope, flat }) => `${title}: Gradient ${norm}, mittlere Steigung ${slope}, ${flat} % fast flach`),
      ].join("; "),

    veil: "Erst vermuten.",
    question: (title, depth) =>
      `${depth === 10 ? "Zehn" : depth} Schichten ${title}: Was kommt vom Gradienten der letzten Schicht bei der ersten an?`,
    option: (exponent) =>
      exponent === 0 ? "alles" : exponent === -1 ? "ein Zehntel" : exponent >= -4 ? `1 von ${(10 ** -exponent).toLocaleString("de")}` : exponent === -6 ? "ein Millionstel" : exponent === -8 ? "ein Hundertmillionstel" : `1 von 10${superscript(-exponent)}`,
    verdict: (right, skipped, share, factor, steps) =>
      `${skipped ? "" : right ? "Ja. " : "Nicht ganz. "}Genau dieser Stapel lässt vor seinem ersten Schritt ${share} durch: Von Schicht zu Schicht wird der Gradient mit ${factor} multipliziert, ${steps}-mal. Zieh den Stapel nun länger, oder wechsle die Funktion.`,

    stack: "Schichten mit",
    beside: "daneben",
    none: "nichts",
    init: "Gewichte zu Beginn",
    initName: (name) => {
      const [kind = "", spread = ""] = name.split("_");
      const names: Record<string, string> = { xavier: "Xavier", kaiming: "He (Kaiming)", lecun: "LeCun", normal: "standardnormal", zeros: "null" };
      const spreads: Record<string, string> = { uniform: "gleichverteilt", normal: "normalverteilt" };
      return `${names[kind] ?? kind}${spread ? `, ${spreads[spread] ?? spread}` : ""}`;
    },
    depth: "Tiefe",
    width: "Einheiten je Schicht",
    biases: "Zufällige Biases, Streuung",
    lr: "Lernrate",
    seed: "Startwert",
    step: (step) => `Schritt ${step.toLocaleString("de")}`,
    course: "Verlust beim Training",
    task: "Der Stapel lernt 64 zufällige Antworten auf 64 zufällige Eingaben auswendig; ein einfaches Neuron obenauf liest sie ab. Balken: die Norm des Gradienten des Verlusts nach allen Gewichten und Biases einer Schicht.",

    caption: "Gradienten an beiden Enden des Stapels, was davon in der ersten Schicht bleibt, und der Verlust",
    lastColumn: "letzte Schicht",
    firstColumn: "erste Schicht",
    shareColumn: "erste ÷ letzte",
    factorColumn: "Faktor je Schicht",
    lossColumn: "Verlust",
    gradient: "Gradient",
    meanSlope: "Mittel |f′(z)|",
    flat: "fast flach",

    secret: "Bis du geschätzt hast, ist nur der Balken der letzten Schicht zu sehen.",
    left: (title, share, factor, value, steps) => {
      if (value >= 0.1 && value <= 10)
        return `Durch ${title} kommt der Gradient etwa so groß an, wie er losging: Der der ersten Schicht ist das ${share}-Fache von dem der letzten.`;
      if (value > 10) return `Durch ${title} wächst der Gradient, um ${factor} je Schicht: Die erste Schicht bekommt das ${share}-Fache der letzten.`;
      return `Vom Gradienten der letzten Schicht erreicht durch ${title} ${share} die erste: ${steps}-mal mit ${factor} multipliziert.`;
    },
    saturates: "Weit außen wird sie aber doch flach: Gib den Biases eine Streuung, und auch hier wird der Gradient kleiner.",
    stuck: (title, last, loss) =>
      `${title} steckt fest: Es antwortet auf alles mit dem Mittelwert (Verlust ${loss}). So viel könnte das Neuron obenauf allein lernen; nun bleibt selbst der letzten Schicht nur ${last}.`,
    learned: (title, loss) => `${title} kann die Antworten auswendig: Bei einem Verlust von ${loss} ist in keiner Schicht mehr viel Gradient übrig.`,
    constant: "immer der Mittelwert",
    oneLayer: (title, norm) => `Eine Schicht ${title}: Noch ist nichts zu durchqueren. Ihr Gradient ist ${norm}.`,
    gone: (title, gone, depth) =>
      `Durch ${title} ist der Gradient verschwunden: In ${gone} von ${schichten(depth)} ist er unter 10^−30 oder genau 0. Sie sind hohl gezeichnet: Kein Schritt bewegt sie.`,
    nothing: (title) => `Keine einzige Schicht ${title} hat noch einen Gradienten: Nur das Neuron obenauf kann lernen.`,
    reference: (slope) => `Gepunktet: die größte Steigung, ${slope}, einmal je Schicht; die Gewichte kommen noch dazu.`,
    broken: (title, step, trained) =>
      trained
        ? `${title}: In Schritt ${step} war der Gradient keine endliche Zahl mehr; die Gewichte von vor diesem Schritt bleiben. Die Lernrate ist zu hoch: Senke sie, oder fang von vorn an.`
        : `${title}: In diesem Stapel ist eine Zahl zu groß für einfache Genauigkeit, also gibt es keinen Gradienten zu zeigen. Weniger Schichten helfen, oder Gewichte, die kleiner beginnen.`,
  },

  // Abbildung: dying
  dying: {
    title: "Sterbende ReLU",
    figure: "Zweihundert Punkte in der Ebene, was ein kleines Netz daraus macht, und seine verborgenen Einheiten",
    planeTitle: "die Punkte, und eine Linie je Einheit der Schicht 1",
    planeNote: "Linie: Summe der Einheit ist 0; ihr Strich: die aktive Seite.",
    layer: (layer) => `Schicht ${layer}`,
    glassNote: (leaky) => [
      "Füllung: Anteil der Punkte, auf denen sie aktiv ist.",
      `Durchgestrichen: auf keinem aktiv, ${leaky ? "stumm" : "tot"}; ihre Linie ist gestrichelt.`,
    ],
    deadOf: (dead, of, leaky) => (dead === 0 ? `alle ${of} Einheiten leben` : `${dead} von ${of} Einheiten ${leaky ? "stumm" : "tot"}`),
    unitSlider: "Einheit, die du ansiehst",
    spokenUnit: (layer, unit, activity, least, most) =>
      `Schicht ${layer}, Einheit ${unit}: ${activity}; ihre Summe geht von ${least} bis ${most}`,
    unit: (layer, unit) => `Schicht ${layer}, Einheit ${unit}:`,
    activity: (active, leaky) =>
      active === 0 ? `${leaky ? "stumm" : "tot"}, auf keinem Punkt aktiv` : `aktiv auf ${Math.round(100 * active)} % der Punkte`,
    range: "ihre Summe:",
    to: "bis",
    loss: "Verlust, letzter Durchgang:",

    question: (rate, passes) => `Lernrate ${rate}, das Hundertfache des Richtigen, ${passes} Durchgänge lang: Was geschieht mit den Einheiten?`,
    fates: [
      { key: "none", label: "nichts, es lernt nur schneller" },
      { key: "few", label: "einige verstummen" },
      { key: "most", label: "die meisten verstummen für immer" },
      { key: "broke", label: "die Zahlen laufen über" },
    ],
    verdict: (right, skipped, fate, dead, of, step) => {
      const start = skipped ? "" : right ? "Ja. " : "Nicht ganz. ";
      if (fate === "broke") return `${start}Nach Schritt ${step} gab es keinen endlichen Gradienten mehr. Sieh es dir unten an.`;
      if (fate === "none") return `${start}Mit diesem Start sind am Ende ${dead} von ${of} Einheiten tot. Sieh es dir unten an, und versuch einen anderen Startwert.`;
      return `${start}Am Ende sind ${dead} von ${of} Einheiten auf keinem einzigen Punkt aktiv. Sieh es dir unten an. Dann nimm die Rate auf 0,1 zurück: Wachen sie auf? Mach sie zu Leaky ReLUs, mit einfachem Abstieg und mit Adam: Und jetzt?`;
    },

    lr: "Lernrate",
    rateIs: (rate) => `Rate ${rate.toLocaleString("de")}`,
    units: "Einheiten",
    changed: (title) => `zu ${title}`,
    optimizer: "Abstieg",
    optimizerName: (name) => (name === "adam" ? "Adam" : "einfach (SGD)"),
    push: "Alle Biases um 5 senken",
    pushed: "Biases −5",
    beginning: "Wie es beginnt",
    data: "Punkte",
    dataName: (name) => (name === "rings" ? "Ringe" : "zwei Monde"),
    bias: "Erster Bias",
    width: "Einheiten je Schicht",
    seed: "Startwert",

    step: (step) => `Schritt ${step.toLocaleString("de")}`,
    progress: (step, passes) => `Schritt ${step.toLocaleString("de")}, Durchgang ${Math.ceil(passes).toLocaleString("de")}`,
    deadCourse: "Einheiten, die auf keinem Punkt aktiv sind: Schicht 1 durchgezogen, Schicht 2 gestrichelt",
    lossCourse: "Verlust",
    fingerprint: "Gewichte zu Beginn, als Fingerabdruck:",
    moved: "am weitesten davon entfernt:",
    same: "(genau dieselben)",

    dead: (leaky, first, second, of) => {
      if (first + second === 0) return "Jede Einheit ist auf einigen Punkten aktiv: Alle können lernen.";
      const layers = [first > 0 ? `${first} von ${of} Einheiten in Schicht 1` : "", second > 0 ? `${second} von ${of}${first > 0 ? "" : " Einheiten"} in Schicht 2` : ""].filter(Boolean);
      const why = leaky ? "Dort haben sie ein Hundertstel der Steigung und kriechen." : "Ihre Steigung ist 0, also erreicht sie kein Gradient.";
      return `${layers.join(" und ")} ${first + second === 1 ? "hat" : "haben"} auf jedem Punkt eine negative Summe. ${why}`;
    },
    cut: "Ist Schicht 2 ganz tot, antwortet das Netz auf jeden Punkt gleich, und nur sein letzter Bias lernt noch.",
    back: (back, of) => `Von den ${of}, die tot waren, als sie leaky wurden, ${back === 1 ? "ist" : "sind"} ${back} zurück.`,
    broken: (step, rate) =>
      `In Schritt ${step} war eine Zahl nicht mehr endlich: Mit einer Lernrate von ${rate} schießen die Gewichte jedes Mal weiter über das Ziel hinaus. Zu sehen sind die letzten guten Gewichte, von vor diesem Schritt. Senke die Rate und mach weiter, oder fang von vorn an.`,
  },

  // Abbildung: softmax
  softmax: {
    title: "Softmax: ein Wettlauf der Punktzahlen",
    figure: "Punktzahlen als Balken, Wahrscheinlichkeiten als Bahnen und der Gradient des Verlusts als Pfeile; eine Zeile für jede Klasse",
    className: (index) => "ABCDEF"[index] ?? String(index + 1),
    scoreOf: (index) => `Punktzahl von ${"ABCDEF"[index] ?? String(index + 1)}`,
    spokenScore: (score, p) => `${score}, Wahrscheinlichkeit ${p}`,
    scoresTitle: "Punktzahlen z",
    scoresNote: "zieh an einem Balken",
    lanesTitle: "softmax(z)",
    lanesNote: "wer im Ziel ist, ist sicher",
    gradientTitle: "p − y",
    gradientTitleT: "(p − y) / T",
    gradientNote: "Gradient des Verlusts",
    rises: "z wird steigen",
    falls: "z wird fallen",
    hidden: "verdeckt, bis du schätzt",
    scores: "Punktzahlen",
    addScore: "Eine Punktzahl mehr",
    removeScore: "Die letzte Punktzahl entfernen",
    temperature: "Temperatur T",
    shift: "Zu allen addieren",
    target: "Wahre Klasse",
    squared: "Auch quadratischer Fehler (hohle Pfeile)",
    entropyLoss: "Kreuzentropie, −log p der wahren Klasse",
    squaredLoss: "Quadratischer Fehler, Σ (p − y)²",
    difference: "Das Addieren verschiebt eine Wahrscheinlichkeit höchstens um",
    moved: (amount, none) => (none ? "0" : `${amount} (Rundung)`),
    question: "Eine Punktzahl von 2,0 läuft gegen eine von 1,0. Wievielmal so wahrscheinlich ist die erste?",
    answers: [
      { key: "two", label: "Doppelt: 2,0 ist zweimal 1,0" },
      { key: "e", label: "Etwa 2,7-mal" },
      { key: "ten", label: "10-mal" },
    ],
    verdict: (key, ratio) => {
      const truth = `Es ist ${ratio}-mal: e hoch die Differenz, 2,0 − 1,0 = 1. Bei 12,0 gegen 11,0 käme also dasselbe heraus.`;
      if (key === "e") return `Richtig. ${truth}`;
      if (key === "two") return `Nicht der Quotient: Softmax sieht auf Differenzen. ${truth}`;
      if (key === "ten") return `Zu viel: Die Basis ist e, nicht 10. ${truth}`;
      return truth;
    },
    secret: "Während du schätzt, sind die Wahrscheinlichkeiten verdeckt.",
    sentence: (now) => {
      const missing = now.temperature === "" ? "genau das, was zu 1 fehlt" : `das, was zu 1 fehlt, geteilt durch ${now.temperature}`;
      const start = `${now.name}, die wahre Klasse, hat die Wahrscheinlichkeit ${now.p}; der Verlust ist ${now.loss}. Kreuzentropie zieht ihre Punktzahl um ${now.push} nach oben, ${missing}`;
      if (now.squared === "") return `${start}.`;
      if (!now.lost) return `${start}; der quadratische Fehler um ${now.squared}.`;
      return `${start}; der quadratische Fehler nur um ${now.squared}: Hinter dem flachen Softmax spürt er den Irrtum kaum.`;
    },
    overflow: "Wie man es hinschreiben würde, und wie es sein sollte",
    of: "Punktzahlen",
    ownScores: "die von oben",
    asTyped: "Gleich die Exponentialfunktion",
    shiftedFirst: "Erst die größte Punktzahl abgezogen",
    dividedBySum: "÷ Summe",
    sum: "Summe",
    max: "max",
    overflowed:
      "e^1000 ist größer als die größte Zahl, die ein Double fassen kann: Es wird zu ∞, und ∞ ÷ ∞ ist NaN, keine Zahl. Wer die größte Punktzahl von allen abzieht, ändert keine Wahrscheinlichkeit, und dann ist keine Potenz größer als 1.",
    notOverflowed:
      "Hier stimmen beide Wege überein. Addiere 1000 zu allen Punktzahlen, oder sieh dir [1000, 999] an: Der linke bricht zusammen, der rechte merkt nichts.",
  },

  // Abbildung: playground
  playground: {
    title: "Spielplatz: ein kleines Netz trainieren",
    ask: "Keine verborgene Schicht: ein einziges Neuron, auf XOR trainiert. Kann es die beiden Klassen je trennen?",
    askOptions: { no: "Nein, nie", luck: "Mit Glück oder mehr Schritten", yes: "Ja, leicht" },
    askRight: "no",
    askVerdict: (key) =>
      `${key === "no" ? "Richtig. " : key === "" ? "" : "Probier es aus: Drück auf Start. "}Was immer es lernt, seine Grenze ist eine einzige Gerade, und keine Gerade trennt diese vier Ecken. Füge eine verborgene Schicht mit vier Einheiten hinzu, und drück noch einmal auf Start.`,

    // Beim Laufen
    stepCount: schritte,
    weightsNow: (print) => `Fingerabdruck der Gewichte ${print}`,
    fingerprintHelp: "Ein Fingerabdruck aller Gewichte und Biases, bis aufs letzte Bit. „Von vorn“ führt zu genau demselben Start zurück.",
    same: "die Gewichte vom Start",
    edited: "von Hand geändert",
    noPoints: "Noch gibt es keine Punkte. Klicke in die Ebene, um welche zu setzen, oder füge unter Daten CSV ein oder öffne eine Datei.",
    failed: (reason) => `In der Rechenmaschine ist etwas schiefgegangen: ${reason}`,

    // Klassen und Ergebnisse
    classes: ["A", "B", "C"],
    train: "Training",
    test: "Test",
    loss: "Verlust",
    accuracy: "Treffer\u00adquote",
    percent: (share) =>
      Number.isNaN(share) ? "–" : `${(100 * share).toLocaleString("de", { minimumFractionDigits: 1, maximumFractionDigits: 1 })} %`,
    scores: "Verlust und Trefferquote jetzt",
    points: "Punkte",
    summary: (train, trained, test, tested, loss) =>
      trained === 0
        ? "Noch keine Punkte."
        : `Das Netz hat ${train} von ${trained} Trainingspunkten richtig${tested > 0 ? `, und ${test} von ${tested}, die es nie gesehen hat` : ""}; sein Verlust ist ${loss}.`,

    // Die Ebene
    plane: "Die Daten, und was das Netz aus der Ebene macht",
    planeHelp: "Pfeiltasten bewegen ein Fadenkreuz, mit Umschalt feiner, Bild auf und Bild ab weiter; was das Netz dort sagt, wird vorgelesen.",
    planeDraw: "A, B und C setzen einen Punkt dieser Klasse ans Fadenkreuz, Entf entfernt den nächsten.",
    planeUnit: (unit, reach) => `${unit}, gefärbt von −${reach} bis ${reach}`,
    planeOutput: "was das Netz sagt",
    backToOutput: "Zurück zur Ausgabe",
    reading: (x, y, said) => `Bei x ${x}, y ${y}: ${said}.`,
    saysLogit: (score, p, label) => `Punktzahl ${score}, Wahrscheinlichkeit von B ${p}: Klasse ${label}`,
    saysScore: (score, label) => `Ausgabe ${score}: Klasse ${label}`,
    saysScores: (scores, label) => `Punktzahlen ${scores.join("; ")}: Klasse ${label}`,
    added: (label, x, y, count) => `Klasse ${label} bei x ${x}, y ${y}. ${count === 1 ? "1 Punkt" : `${count} Punkte`}.`,
    removed: (count) => `Entfernt. ${count === 1 ? "1 Punkt bleibt" : `${count} Punkte bleiben`}.`,
    nothingNear: "In der Nähe des Fadenkreuzes ist kein Punkt.",
    full: (most) => `Mehr als ${most} Punkte gehen nicht.`,
    drawFirst: "Um Punkte zu zeichnen, wähle „eigene“ unter Daten.",
    legend: "Gefüllt: daraus wird gelernt. Hohl: für den Test zurückgelegt.",
    drawHere: "Klicke, um hier Punkte zu setzen",

    // Das Netz als Bild
    diagram: "Das Netz: links und rechts zwischen Schichten, auf und ab zwischen Einheiten",
    input: (index) => ["x", "y"][index] ?? "",
    unit: (layer, unit) => `Schicht ${layer}, Einheit ${unit}`,
    outputUnit: (unit, several) => (several ? `Ausgabe ${["A", "B", "C"][unit] ?? ""}` : "die Ausgabe"),
    rowLabel: (layer, name) => `Schicht ${layer}, ${name}`,
    outputRow: "Ausgabe",
    outputColumn: "Ausgabe",
    cell: (unit, bias) => `${unit}, Bias ${bias}`,
    weightLine: (from, to, value) => `Gewicht ${value}, von ${from} zu ${to}`,
    pointAt: "Zeig auf eine Einheit oder eine Linie, um ihre Zahlen zu sehen; ein Klick hält sie fest. Orange Linien sind positive Gewichte, gestrichelte blaue negative.",
    linear: "linear",

    // Eine Einheit
    detailsOf: (unit, activation) => `${unit} (${activation})`,
    bias: "Bias",
    weightFrom: (from) => `von ${from}`,
    fromUnit: (unit) => `Einheit ${unit}`,
    weightsFrom: (layer) => `Gewichte von: ${layer}`,
    theInputs: "die Eingaben",
    layerName: (layer) => `Schicht ${layer}`,
    fieldLabel: (unit, what) => `${unit}, ${what}`,
    statistics: "Über die Trainingspunkte",
    mean: "Mittel",
    least: "kleinstes",
    most: "größtes",
    sum: "z, ihre Summe",
    outputValue: "a, ihre Ausgabe",
    still: (share) => `Für ${share} der Punkte ist ihre Steigung 0.`,
    dead: "Ihre Steigung ist für jeden Punkt 0: Sie ist tot und lernt nichts.",

    // Die Verlustkurven
    curve: "Verlust über die Schritte",
    noCurve: "Noch kein Verlust: Es gibt keine Punkte, aus denen zu lernen wäre.",
    curveSlider: "Schritt, bei dem du den Verlust abliest",
    curveAt: (step, train, test) => `Schritt ${step}: Training ${train}${test === "" ? "" : `, Test ${test}`}`,
    notFinite: "nicht endlich",

    // Daten
    data: "Daten",
    kinds: { xor: "XOR", rings: "Ringe", spirals: "Spiralen", blobs: "Haufen", own: "eigene" },
    classCount: "Klassen",
    samples: "Punkte",
    noise: "Rauschen",
    testShare: "Für den Test zurückgelegt",
    share: (value) => `${Math.round(100 * value)} %`,
    showTest: "Testpunkte zeigen",
    dataSeed: "Startwert der Punkte",
    another: "Ein anderer",
    makeMine: "Diese Punkte bearbeiten",
    saveCsv: "Punkte als CSV speichern",
    farOut: (half) => `Diese Punkte reichen bis ±${half}. Netze lernen am besten, wenn die Eingaben etwa 1 groß sind.`,
    fit: "Passend verkleinern",

    // Netz
    network: "Netz",
    hidden: "Verborgene Schichten",
    fewerLayers: "Die letzte verborgene Schicht entfernen",
    moreLayers: "Eine verborgene Schicht hinzufügen",
    units: (layer) => `Schicht ${layer}`,
    fewerUnits: (layer) => `Eine Einheit aus Schicht ${layer} entfernen`,
    moreUnits: (layer) => `Eine Einheit zu Schicht ${layer} hinzufügen`,
    unitCount: (count) => (count === 1 ? "1 Einheit" : `${count} Einheiten`),
    layerCount: (count) => String(count),
    noHidden: "keine: ein Neuron allein",
    activation: "Aktivierung",
    activationOf: (layer) => `Aktivierung von Schicht ${layer}`,
    perLayer: "Für jede Schicht eine eigene Aktivierung",
    parameter: (title, name) => `${title}: ${name}`,
    init: "Anfangsgewichte",
    initNames: {
      xavier_uniform: "Xavier, gleichverteilt",
      xavier_normal: "Xavier, normalverteilt",
      kaiming_uniform: "He, gleichverteilt",
      kaiming_normal: "He, normalverteilt",
      lecun_uniform: "LeCun, gleichverteilt",
      lecun_normal: "LeCun, normalverteilt",
      normal: "normalverteilt",
      zeros: "alle null",
    },
    seed: "Startwert der Gewichte",

    // Training
    training: "Training",
    losses: { cross_entropy: "Kreuzentropie", squared_error: "quadratischer Fehler" },
    lossLabel: "Verlust",
    optimizer: "Optimierer",
    optimizers: { sgd: "SGD", momentum: "Momentum", adam: "Adam" },
    lr: "Lernrate",
    batch: "Batchgröße",
    decay: "Weight Decay",
    speed: "Schritte je Bild",

    // Dateien
    saveNetwork: "Netz speichern",
    loadNetwork: "Netz laden …",
  },

  // Abbildung: trace
  trace: {
    title: "Einer Eingabe durch ein Netz folgen",
    diagram: (shape) => `Ein Netz mit ${shape} Einheiten`,
    mode: "Weg",
    forward: "vorwärts",
    backward: "zurück, mit dem Gradienten",
    all: "Alle Zahlen auf einmal",
    digits: "Jede Stelle",
    positive: "positives Gewicht",
    negative: "negatives Gewicht",
    thick: "dick: groß",
    back: "Zurück",
    next: "Nächste Einheit",
    progress: (step, of) => `Einheit ${step} von ${of}`,
    loss: "Quadratischer Fehler",
    inputLayer: "Eingabe",
    input: (number) => `Eingabe x${number}`,
    unitUnknown: (name) => `Einheit ${name}: noch nicht ausgerechnet`,
    unitOutput: (name, value) => `Einheit ${name}: ${value}`,
    unitGradient: (name, value) => `Einheit ${name}: Gradient ${value}`,
    unitTitle: (name) => `Einheit ${name}`,
    inHidden: (layer) => `in der verborgenen Schicht ${layer}`,
    inOutput: "an der Ausgabe",
    from: "von",
    weightColumn: "Gewicht",
    valueColumn: "Wert",
    product: "Produkt",
    bias: "Bias",
    sum: "die Summe davon",
    weight: (from, to) => `Gewicht von ${from} zu ${to}`,
    biasOf: (name) => `Bias von ${name}`,
    nudge: "Tippe eine Zahl, oder drücke die Pfeiltasten auf und ab",
    miss: "a − y",
    ofSquare: "Steigung des Quadrats",
    times: "mal",
    delta: "Gradient des Verlusts nach z: δ",
    target: (name) => `Ziel y von ${name}`,
    curve: (title, z, a) => `${title} bei z = ${z} ist ${a}`,
    told: (name, terms, bias, z, title, a) =>
      `${name}: ${terms.join(" + ")} + Bias ${bias} = ${z}, und ${title} macht daraus ${a}.`.replaceAll("+ −", "− "),
    toldBack: (name, delta, slope, stopped, loss) =>
      stopped
        ? `${name}: Ihre Steigung ist 0, also endet der Gradient hier: ${delta}. Durch diese Einheit lernt nichts, was vor ihr liegt.`
        : `${name}: Steigt ihr z ein wenig, ändert sich der Verlust, jetzt ${loss}, um das ${delta}-Fache davon. Ihre Steigung ist ${slope}.`,
    notFinite: (name) =>
      `${name} ist keine endliche Zahl mehr: Die Gewichte oder Eingaben sind zu groß für diese Aktivierung. Mach es rückgängig, oder mach sie kleiner.`,
    network: "Das Netz",
    inputs: "Eingaben",
    outputs: "Ausgaben",
    hidden: (layer) => `Verborgene Schicht ${layer}`,
    more: (layer) => `${layer}: eine Einheit mehr`,
    fewer: (layer) => `${layer}: eine Einheit weniger`,
    activationOf: (layer) => `${layer}: Aktivierung`,
    addLayer: "Eine Schicht hinzufügen",
    removeLayer: "Eine Schicht entfernen",
    newWeights: "Neue Gewichte",
  },

  // Abbildung: sheet
  sheet: {
    title: "Spickzettel",
    function: "Funktion",
    columns: {
      range: "Wertebereich",
      zero_centred: "Um null zentriert",
      saturates: "Sättigt",
      monotone: "Monoton",
      smooth: "Glatt",
      max_slope: "Größte Steigung",
    },
    use: "Wofür",
    unknown: "unbekannt",
    mean: (mean) => `Mittel ${mean}`,
    why: "warum?",
    whyOf: (title) => `warum? ${title}`,
    filter: "Suchen",
    placeholder: "Name oder Eigenschaft",
    not: ["nicht", "kein", "keine", "keinen"],
    bounded: "beschränkt",
    unbounded: "unbeschränkt",
    all: (count) => `Alle ${count}`,
    print: "Drucken",
    shown: (rows, of, column, down) =>
      `${rows === of ? `Alle ${of}` : `${rows} von ${of}`} Funktionen${column === "" ? "" : `, nach „${column}“, ${down ? "Größtes zuerst" : "Kleinstes zuerst"}`}`,
    note: "Keine Eigenschaft hier hat jemand eingetippt: Jede ist aus der Formel der Funktion hergeleitet, mit Begründung. Um null zentriert: Der Mittelwert von f ist 0 über Eingaben aus der Glockenkurve um 0 mit Streuung 1. ℝ sind alle Zahlen; eine eckige Klammer nimmt ihr Ende mit, eine runde nicht. C∞ hat Steigungen jeder Ordnung, C¹ nur die erste ohne Sprung. Ein Name öffnet die Funktion im Explorer.",
  },

  // Aufgaben
  exercise: {
    exercise: "Aufgabe",
    noSuch: (name) => `eine Aufgabe namens „${name}“ gibt es nicht`,
    count: (right, all) => (right === all ? (all === 1 ? "fertig" : `alle ${all} fertig`) : `${right} von ${all}`),
    check: "Prüfen",
    several: "Es kann mehr als eine richtig sein.",
    tone: { right: "Richtig.", wrong: "Noch nicht.", unread: "Keine Zahl." },
    noNumber: "Eine Zahl schreibst du wie 0,0123, 1,23e-2, 1,23 %, 1/81 oder 1 - e^-3.",
    notYet: (hints) => (hints ? "Vielleicht hilft ein Tipp." : "Sieh noch einmal hin."),
    slips: {
      sign: "Die Größe stimmt, aber nicht das Vorzeichen.",
      places: "Die Ziffern stimmen: Zähl die Stellen nach dem Komma noch einmal.",
      percent: "Die Ziffern stimmen. Sind das Prozent? Dann sag es, mit einem %.",
    },
    hint: (shown, left) => {
      const more = shown === 0 ? "Ein Tipp" : "Noch ein Tipp";
      return left > 1 ? `${more} (${shown === 0 ? "es gibt" : "es bleiben"} ${left})` : more;
    },

    // Beweise
    line: (number) => `Zeile ${number} deines Beweises`,
    firstLine: "deine erste Zeile",
    removeLine: (number) => `Zeile ${number} entfernen`,
    lineSays: (number, verdict, message) => `Zeile ${number}: ${verdict.slice(2)}. ${message}`,
    goal: "bis dasteht",
    proofHow: "Die Eingabetaste prüft eine Zeile und geht zur nächsten.",
    verdict: {
      equal: "✓ gleich",
      repeated: "✓ aber kein Schritt",
      different: "✗ nicht gleich",
      undefined: "✗ kein Wert",
      error: "? keine Formel",
      empty: "",
    },
    notChecked: (reason) => `Nicht geprüft: ${reason}`,

    // Fortschritt
    progressTitle: (done, all) => (done === all ? `Alle ${all} Aufgaben fertig` : `${done} von ${all} Aufgaben fertig`),
    progressSave: "Als Datei speichern",
    progressLoad: "Aus einer Datei laden",
    progressClear: "Löschen",
    progressSure: "Alle Antworten vergessen?",
    progressYes: "Ja, vergessen",
    progressNo: "Behalten",
    progressSaved: "Als nonlin-progress.json gespeichert.",
    progressTaken: "Geladen: Die Antworten aus der Datei stehen jetzt an der Stelle der bisherigen.",
    progressForeign: (name) => `${name} ist keine Datei mit Antworten von hier; nichts wurde geändert.`,
    progressCleared: "Vergessen.",
    progressBlocked: "Dieser Browser lässt die Seite nichts behalten: Speichere eine Datei, um deine Antworten mitzunehmen.",
    progressWhere: "Deine Antworten bleiben in diesem Browser und gehen nirgendwohin.",
  },
};

export default figures;

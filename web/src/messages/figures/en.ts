/** Texts of the figures that stand in a lesson: they come with the first of these. */
const superscript = (whole: number): string => [...String(whole)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)] ?? digit).join("");

export const figures = {
  // Demo: linearity
  linearity: {
    title: "Linearity trap",
    first: "Guess first: then the layers can be collapsed, bent and trained.",
    question: (layers: number) =>
      `${layers === 10 ? "Ten layers" : layers === 1 ? "One layer" : `${layers} layers`}, no activation. What can the last picture be?`,
    options: [
      { key: "anything", label: "Almost anything: many layers, many bends" },
      { key: "straight", label: "A straight grid: turned, stretched, slanted, shifted" },
      { key: "folded", label: "Straight pieces, folded a few times" },
    ],
    answer: (key: string) => {
      const truth =
        "Every layer keeps straight lines straight, so ten of them do, too. What is left is one turn, one stretch, one slant and one shift: one layer.";
      if (key === "straight") return `That is all there is. ${truth}`;
      if (key === "anything") return `Ten times nothing is nothing: there is no bend to pile up. ${truth}`;
      if (key === "folded") return `A fold is a bend, and nothing here can bend. ${truth}`;
      return truth;
    },
    input: "input",
    layer: (layer: number, activation: string) => `layer ${layer}${activation === "" ? "" : `, ${activation}`}`,
    output: (layers: number) => (layers === 1 ? "output, after one layer" : `output, after ${layers} layers`),
    figureLabel: (layers: number) =>
      `A grid of straight lines and one thick line in the input, and where each of ${layers === 1 ? "one layer" : `${layers} layers`} puts them`,
    hint: "Every point of the sheet is a pair of numbers, the two inputs; a layer makes two new numbers of them, and so moves the point. Drag the ends of the thick line in the input. Each picture is zoomed to fit.",
    scaled: "The weights are scaled so that every layer’s sums reach where the curve bends.",
    place: (x: string, y: string) => `(${x}, ${y})`,
    image: (from: string, to: string, off: string) =>
      off === ""
        ? `In the output the line runs straight from ${from} to ${to}, its middle in the middle.`
        : `In the output the line runs from ${from} to ${to}, and its middle is ${off} away from the middle between them.`,
    notFinite: "out of float32’s range",
    end: (first: boolean) => (first ? "Solid end of the line" : "Open end of the line"),
    position: (x: string, y: string) => `x ${x}, y ${y}`,
    layers: "Layers",
    between: "Between two layers",
    none: "nothing",
    another: "Other weights",
    collapse: (layers: number) => (layers === 1 ? "Read it off as one layer" : `Collapse ${layers} layers to one`),
    uncollapse: "Take it away again",
    task: "Let it learn",
    tasks: { none: "nothing", xor: "XOR", rings: "rings" },
  },

  // Demo: step
  stepDescent: {
    title: "Descent on a step",
    question: "One neuron, fitted to the same points with different curves. Which one will not learn?",
    answer: (right: boolean, asked: boolean, title: string) =>
      `${asked ? "" : right ? "Yes. " : "No, that one learns. "}${title} stands still: wherever it has a slope, the slope is 0, so the gradient is exactly 0 and no step can move the weight.`,
    fits: "the neuron",
    fitsNote: "f(wx + b), and the points to be fitted",
    losses: "the loss",
    lossesNote: "mean squared error",
    stepAxis: "step",
    figureLabel: (titles: string[]) =>
      `Left: points along a line, no or yes, and the answers of a neuron with the curve of ${titles.join(", ")}. Right: the loss of each over the steps of descent.`,
    progress: (steps: number, most: number) => `step ${steps} of ${most}`,
    another: "Other points",
    caption: "Each copy of the neuron: its loss, the size of its gradient, its weight and its bias",
    endsIn: "its curve",
    copy: (number: number) => `Curve of copy ${number} of the neuron`,
    lossNow: "loss",
    gradient: "size of the gradient",
    lr: "Learning rate",
    first: "Guess first, then let them run.",
    ready: "Press Play: all copies begin with the same weight and take the same steps.",
    after: (steps: number, parts: string[]) => `After ${steps === 1 ? "1 step" : `${steps} steps`}: ${parts.join("; ")}.`,
    stays: (title: string, loss: string) => `${title} is at ${loss} with a gradient of exactly 0, so it will stay there`,
    moves: (title: string, from: string, to: string, down: boolean) =>
      from === to ? `${title} is still at ${to}` : `${title} went ${down ? "down" : "up"} from ${from} to ${to}`,
    broken:
      "A loss is no longer a number: the learning rate is so high that each step overshoots by more than the last, until float32 can hold it no more. Take a smaller one.",
  },

  // Demo: zigzag
  zigzag: {
    title: "Zig-zag",
    question: "Same start, same learning rate, same goal. On whose inputs does descent take the longer way?",
    on: (title: string) => `on outputs of ${title}`,
    bothSame: "the same on both",
    answer: (right: boolean, asked: boolean, summary: string) => `${asked ? "" : right ? "Yes. " : "No. "}${summary}`,
    panel: (title: string) => `inputs from ${title}`,
    wanted: "wanted",
    figureLabel: (titles: string[]) =>
      `Two maps of the loss over the two weights of a neuron, with the path of descent: ${titles
        .map((title) => `inputs from ${title}`)
        .join("; ")}`,
    start: (title: string) => `Start of descent, inputs from ${title}`,
    position: (w1: string, w2: string) => `first weight ${w1}, second weight ${w2}`,
    hint: "Drag the start; it is the same in both. Lines join weights of equal loss, each line four times the loss of the next one in.",
    progress: (shown: number, most: number) => `step ${shown} of ${most}`,
    lr: "Learning rate",
    batch: "Samples in a step",
    batches: { "1": "one", "16": "16", all: "all 400" },
    inputsFrom: (left: boolean) => (left ? "Left: inputs from" : "Right: inputs from"),
    caption: "What each descent took",
    stepsRow: "steps until 1 % of the way is left",
    detourRow: "path, in straight lines",
    signRow: "steps that moved both weights the same way",
    stretchRow: "length of the valley, in widths",
    limitRow: "largest learning rate that leads down (all samples)",
    never: "never",
    over: (most: number) => `over ${most}`,
    arrived: (title: string, steps: number, detour: string) =>
      `On outputs of ${title} descent takes ${steps === 1 ? "1 step" : `${steps} steps`} and ${detour} times the straight line.`,
    underWay: (title: string, steps: number) => `On outputs of ${title} it is not there after ${steps} steps.`,
    diverged: (title: string) =>
      `On outputs of ${title} each step overshoots by more than the last: the learning rate is too high, and descent runs away.`,
  },

  // Demo: vanishing
  vanishing: {
    title: "Vanishing gradients",
    figure: (title: string, other: string, depth: number) =>
      `The size of the gradient in each of ${depth === 1 ? "1 layer" : `${depth} layers`} of ${title}${other ? `, and of ${other}` : ""}`,
    axis: "size of the gradient in each layer",
    backward: "the gradient’s way back",
    loss: "loss",
    firstLayer: "first layer",
    lastLayer: "last layer",
    layers: (depth: number) => (depth === 1 ? "1 layer" : `${depth} layers`),
    layer: (layer: number) => `Layer ${layer}`,
    depthHandle: "Depth of the stack: pull it longer",
    layerSlider: "Layer to look at",
    spokenLayer: (layer: number, readings: { title: string; norm: string; slope: string; flat: number }[]) =>
      [
        `layer ${layer}`,
        ...readings.map(({ title, norm, slope, flat }) => `${title}: gradient ${norm}, mean slope ${slope}, ${flat} % nearly flat`),
      ].join("; "),

    veil: "Guess first.",
    question: (title: string, depth: number) =>
      `${depth === 10 ? "Ten" : depth} layers of ${title}: what of the last layer’s gradient reaches the first?`,
    option: (exponent: number) =>
      exponent === 0 ? "all of it" : exponent === -1 ? "a tenth" : exponent >= -4 ? `1 in ${(10 ** -exponent).toLocaleString("en")}` : exponent === -6 ? "a millionth" : exponent === -8 ? "a hundred-millionth" : `1 in 10${superscript(-exponent)}`,
    verdict: (right: boolean, skipped: boolean, share: string, factor: string, steps: number) =>
      `${skipped ? "" : right ? "Yes. " : "Not quite. "}This very stack, before its first step, lets ${share} through: from layer to layer the gradient is multiplied by ${factor}, ${steps} times. Now pull the stack longer, or change the function.`,

    stack: "Layers of",
    beside: "beside",
    none: "nothing",
    init: "Weights begin as",
    initName: (name: string) => {
      const [kind = "", spread = ""] = name.split("_");
      const names: Record<string, string> = { xavier: "Xavier", kaiming: "He (Kaiming)", lecun: "LeCun", normal: "standard normal", zeros: "zeros" };
      return `${names[kind] ?? kind}${spread ? `, ${spread}` : ""}`;
    },
    depth: "Depth",
    width: "Units a layer",
    biases: "Random biases, spread",
    lr: "Learning rate",
    seed: "Seed",
    step: (step: number) => `step ${step.toLocaleString("en")}`,
    course: "loss, while it trains",
    task: "The stack learns 64 random answers to 64 random inputs by heart; a plain neuron on top reads them off. Bars: the norm of the loss’s gradient for all weights and biases of a layer.",

    caption: "Gradients at both ends of the stack, what is left of them at the first layer, and the loss",
    lastColumn: "last layer",
    firstColumn: "first layer",
    shareColumn: "first ÷ last",
    factorColumn: "factor a layer",
    lossColumn: "loss",
    gradient: "gradient",
    meanSlope: "mean |f′(z)|",
    flat: "nearly flat",

    secret: "All but the last layer’s bar is hidden until you have guessed.",
    left: (title: string, share: string, factor: string, value: number, steps: number) => {
      if (value >= 0.1 && value <= 10)
        return `Through ${title} the gradient arrives about as large as it left: the first layer’s is ${share} times the last one’s.`;
      if (value > 10) return `Through ${title} the gradient grows, by ${factor} a layer: the first layer gets ${share} times the last one’s.`;
      return `Of the last layer’s gradient ${share} reaches the first through ${title}: times ${factor}, ${steps} times over.`;
    },
    saturates: "It does flatten far out, though: give the biases a spread, and it fades as well.",
    stuck: (title: string, last: string, loss: string) =>
      `${title} is stuck: it answers everything with the mean (loss ${loss}). That much its top neuron could learn alone; now even its last layer is left with ${last}.`,
    learned: (title: string, loss: string) => `${title} has learned the answers by heart: with a loss of ${loss} there is hardly a gradient left in any layer.`,
    constant: "always the mean",
    oneLayer: (title: string, norm: string) => `One layer of ${title}: nothing to pass through yet. Its gradient is ${norm}.`,
    gone: (title: string, gone: number, depth: number) =>
      `Through ${title} the gradient has vanished: below 10^−30, or exactly 0, in ${gone} of ${depth} layers. They are hollow: no step moves them.`,
    nothing: (title: string) => `No layer of ${title} has any gradient at all: only the neuron on top can learn.`,
    reference: (slope: string) =>
      `Dotted: the largest slope, ${slope}, once a layer; the weights come on top of it.`,
    broken: (title: string, step: number, trained: boolean) =>
      trained
        ? `${title}: at step ${step} the gradient was no longer a finite number; the weights from before that step are kept. The learning rate is too high: lower it, or start over.`
        : `${title}: a number in this stack is too large for single precision, so there is no gradient to show. Fewer layers, or weights that begin smaller, will do.`,
  },

  // Demo: dying
  dying: {
    title: "Dying ReLU",
    figure: "Two hundred points in the plane, what a small network makes of them, and its hidden units",
    planeTitle: "the points, and a line for each unit of layer 1",
    planeNote: "Line: a unit’s sum is 0; its stroke: the active side.",
    layer: (layer: number) => `layer ${layer}`,
    glassNote: (leaky: boolean) => [
      "Filled: the share of points it is active on.",
      `Crossed out: active on none, ${leaky ? "silent" : "dead"}; its line is dashed.`,
    ],
    deadOf: (dead: number, of: number, leaky: boolean) =>
      dead === 0 ? `all ${of} units alive` : `${dead} of ${of} units ${leaky ? "silent" : "dead"}`,
    unitSlider: "Unit to look at",
    spokenUnit: (layer: number, unit: number, activity: string, least: string, most: string) =>
      `layer ${layer}, unit ${unit}: ${activity}; its sum goes from ${least} to ${most}`,
    unit: (layer: number, unit: number) => `Layer ${layer}, unit ${unit}:`,
    /** A leaky unit still has a slope there. */
    activity: (active: number, leaky: boolean) =>
      active === 0 ? `${leaky ? "silent" : "dead"}, active on no point` : `active on ${Math.round(100 * active)} % of the points`,
    range: "its sum:",
    to: "to",
    loss: "loss, last pass:",

    question: (rate: number, passes: number) => `Learning rate ${rate}, a hundred times too much, for ${passes} passes: what happens to the units?`,
    fates: [
      { key: "none", label: "nothing, it only learns faster" },
      { key: "few", label: "a few fall silent" },
      { key: "most", label: "most fall silent for good" },
      { key: "broke", label: "the numbers overflow" },
    ],
    verdict: (right: boolean, skipped: boolean, fate: string, dead: number, of: number, step: number) => {
      const start = skipped ? "" : right ? "Yes. " : "Not quite. ";
      if (fate === "broke") return `${start}After step ${step} there was no finite gradient any more. Watch it below.`;
      if (fate === "none") return `${start}With this start ${dead} of ${of} units are dead at the end. Watch it below, and try another seed.`;
      return `${start}At the end ${dead} of ${of} units are active on no point at all. Watch it below. Then take the rate back to 0.1: do they wake? Make them leaky ReLUs, with plain descent and with Adam: do they now?`;
    },

    lr: "Learning rate",
    rateIs: (rate: number) => `rate ${rate}`,
    units: "Units",
    changed: (title: string) => `to ${title}`,
    optimizer: "Descent",
    optimizerName: (name: string) => (name === "adam" ? "Adam" : "plain (SGD)"),
    push: "Push all biases down by 5",
    pushed: "biases −5",
    beginning: "How it begins",
    data: "Points",
    dataName: (name: string) => (name === "rings" ? "rings" : "two moons"),
    bias: "First bias",
    width: "Units a layer",
    seed: "Seed",

    step: (step: number) => `step ${step.toLocaleString("en")}`,
    progress: (step: number, passes: number) => `step ${step.toLocaleString("en")}, pass ${Math.ceil(passes).toLocaleString("en")}`,
    deadCourse: "units active on no point: layer 1 solid, layer 2 dashed",
    lossCourse: "loss",
    fingerprint: "first weights, as a fingerprint:",
    moved: "farthest from them now:",
    same: "(the very same)",

    dead: (leaky: boolean, first: number, second: number, of: number) => {
      if (first + second === 0) return `Every unit is active on some of the points: all can learn.`;
      const layers = [first > 0 ? `${first} of ${of} units in layer 1` : "", second > 0 ? `${second} of ${of}${first > 0 ? "" : " units"} in layer 2` : ""].filter(Boolean);
      const why = leaky ? "there they have a hundredth of the slope, and creep." : "their slope is 0, so no gradient reaches them.";
      return `${layers.join(" and ")} ${first + second === 1 ? "has" : "have"} a negative sum for every point: ${why}`;
    },
    cut: "With all of layer 2 dead, the network answers every point alike, and only its last bias still learns.",
    back: (back: number, of: number) => `Of the ${of} that were dead when they became leaky, ${back} ${back === 1 ? "is" : "are"} back.`,
    broken: (step: number, rate: string) =>
      `At step ${step} a number was no longer finite: with a learning rate of ${rate} the weights overshoot further each time. Shown are the last good weights, from before that step. Lower the rate and go on, or start over.`,
  },

  // Demo: softmax
  softmax: {
    title: "Softmax: a race of scores",
    figure: "Scores as bars, probabilities as lanes, and the gradient of the loss as arrows; one row for each class",
    className: (index: number) => "ABCDEF"[index] ?? String(index + 1),
    scoreOf: (index: number) => `Score of ${"ABCDEF"[index] ?? String(index + 1)}`,
    spokenScore: (score: string, p: string) => `${score}, probability ${p}`,
    scoresTitle: "scores z",
    scoresNote: "drag a bar",
    lanesTitle: "softmax(z)",
    lanesNote: "first to the post is certain",
    gradientTitle: "p − y",
    gradientTitleT: "(p − y) / T",
    gradientNote: "gradient of the loss",
    rises: "z will rise",
    falls: "z will fall",
    hidden: "hidden until you guess",
    scores: "Scores",
    addScore: "Add a score",
    removeScore: "Remove the last score",
    temperature: "Temperature T",
    shift: "Add to all",
    target: "True class",
    squared: "Squared error too (hollow arrows)",
    entropyLoss: "Cross-entropy, −log p of the true class",
    squaredLoss: "Squared error, Σ (p − y)²",
    difference: "Adding to all moves a probability by at most",
    moved: (amount: string, none: boolean) => (none ? "0" : `${amount} (rounding)`),
    question: "A score of 2.0 runs against one of 1.0. How many times as probable is the first?",
    answers: [
      { key: "two", label: "Twice: 2.0 is twice 1.0" },
      { key: "e", label: "About 2.7 times" },
      { key: "ten", label: "10 times" },
    ],
    verdict: (key: string, ratio: string) => {
      const truth = `It is ${ratio} times: e to the power of the difference, 2.0 − 1.0 = 1. So 12.0 against 11.0 gives the same.`;
      if (key === "e") return `Right. ${truth}`;
      if (key === "two") return `Not their quotient: softmax looks at differences. ${truth}`;
      if (key === "ten") return `Too much: the base is e, not 10. ${truth}`;
      return truth;
    },
    secret: "The probabilities are hidden while you guess.",
    sentence: (now: {
      name: string;
      p: string;
      loss: string;
      push: string;
      /** "" where it is 1. */
      temperature: string;
      /** "" where it is not shown. */
      squared: string;
      /** The true class has next to no probability. */
      lost: boolean;
    }) => {
      const missing = now.temperature === "" ? "just what is missing to 1" : `what is missing to 1, divided by ${now.temperature}`;
      const start = `${now.name}, the true class, has probability ${now.p}; the loss is ${now.loss}. Cross-entropy pulls its score up by ${now.push}, ${missing}`;
      if (now.squared === "") return `${start}.`;
      if (!now.lost) return `${start}; squared error by ${now.squared}.`;
      return `${start}; squared error only by ${now.squared}: behind the flat softmax it hardly feels the mistake.`;
    },
    overflow: "As one would type it, and as it should be",
    of: "Scores",
    ownScores: "the ones above",
    asTyped: "Exponentials at once",
    shiftedFirst: "The largest score taken off first",
    dividedBySum: "÷ sum",
    sum: "sum",
    max: "max",
    overflowed:
      "e^1000 is beyond the largest number a computer’s double can hold: it becomes ∞, and ∞ ÷ ∞ is NaN, not a number. Taking the largest score off every score changes no probability, and then no exponential is above 1.",
    notOverflowed:
      "Here both ways agree. Add 1000 to all scores, or look at [1000, 999]: the left one breaks down, the right one does not notice.",
  },

  // Demo: playground
  playground: {
    title: "Playground: train a small classifier",
    ask: "No hidden layer: one neuron, trained on XOR. Can it ever tell the two classes apart?",
    askOptions: { no: "No, never", luck: "With luck, or more steps", yes: "Yes, easily" },
    askRight: "no",
    askVerdict: (key: string) =>
      `${key === "no" ? "Right. " : key === "" ? "" : "Try it: press Play. "}Whatever it learns, its border is one straight line, and no straight line parts these four corners. Add a hidden layer of four units, then press Play again.`,

    // Running
    stepCount: (step: number) => `${step.toLocaleString("en")} ${step === 1 ? "step" : "steps"}`,
    weightsNow: (print: string) => `fingerprint of the weights ${print}`,
    fingerprintHelp:
      "A fingerprint of all weights and biases, to the last bit. “Start over” returns to the very same start.",
    same: "the weights of the start",
    edited: "edited by hand",
    noPoints: "There are no points yet. Click into the plane to put some there, or paste or open a CSV file under Data.",
    failed: (reason: string) => `Something went wrong in the engine: ${reason}`,

    // Classes and scores
    classes: ["A", "B", "C"],
    train: "train",
    test: "test",
    loss: "Loss",
    accuracy: "Accuracy",
    percent: (share: number) => (Number.isNaN(share) ? "–" : `${(100 * share).toFixed(1)} %`),
    scores: "Loss and accuracy now",
    points: "Points",
    summary: (train: string, trained: number, test: string, tested: number, loss: string) =>
      trained === 0
        ? "No points yet."
        : `The network gets ${train} of ${trained} training points right${tested > 0 ? `, and ${test} of ${tested} that it never saw` : ""}; its loss is ${loss}.`,

    // The plane
    plane: "Data and what the network makes of the plane",
    planeHelp: "Arrow keys move a crosshair, finer with Shift, and Page Up and Page Down further; what the network says there is read out.",
    planeDraw: "A, B and C put a point of that class at the crosshair, Delete removes the nearest one.",
    planeUnit: (unit: string, reach: string) => `${unit}, coloured from −${reach} to ${reach}`,
    planeOutput: "what the network says",
    backToOutput: "Back to the output",
    reading: (x: string, y: string, said: string) => `At x ${x}, y ${y}: ${said}.`,
    saysLogit: (score: string, p: string, label: string) => `score ${score}, probability of B ${p}: class ${label}`,
    saysScore: (score: string, label: string) => `output ${score}: class ${label}`,
    saysScores: (scores: string[], label: string) => `scores ${scores.join(", ")}: class ${label}`,
    added: (label: string, x: string, y: string, count: number) => `Class ${label} at x ${x}, y ${y}. ${count} points.`,
    removed: (count: number) => `Removed. ${count} points are left.`,
    nothingNear: "There is no point near the crosshair.",
    full: (most: number) => `${most} points are the most.`,
    drawFirst: "To draw points, choose “your own” under Data.",
    legend: "Filled: learned from. Hollow: kept for the test.",
    drawHere: "Click to put points here",

    // The diagram
    diagram: "The network: left and right between layers, up and down between units",
    input: (index: number) => ["x", "y"][index] ?? "",
    unit: (layer: number, unit: number) => `layer ${layer}, unit ${unit}`,
    outputUnit: (unit: number, several: boolean) => (several ? `output ${["A", "B", "C"][unit] ?? ""}` : "the output"),
    rowLabel: (layer: number, name: string) => `Layer ${layer}, ${name}`,
    outputRow: "Output",
    outputColumn: "output",
    cell: (unit: string, bias: string) => `${unit}, bias ${bias}`,
    weightLine: (from: string, to: string, value: string) => `weight ${value}, from ${from} to ${to}`,
    pointAt: "Point at a unit or a line for its numbers; click to keep it. Orange lines are positive weights, dashed blue ones negative.",
    linear: "linear",

    // One unit
    detailsOf: (unit: string, activation: string) => `${unit} (${activation})`,
    bias: "bias",
    weightFrom: (from: string) => `from ${from}`,
    fromUnit: (unit: number) => `unit ${unit}`,
    weightsFrom: (layer: string) => `weights from ${layer}`,
    theInputs: "the inputs",
    layerName: (layer: number) => `layer ${layer}`,
    fieldLabel: (unit: string, what: string) => `${unit}, ${what}`,
    statistics: "Over the training points",
    mean: "mean",
    least: "least",
    most: "most",
    sum: "z, its sum",
    outputValue: "a, its output",
    still: (share: string) => `Its slope is 0 for ${share} of the points.`,
    dead: "Its slope is 0 for every point: it is dead, and learns nothing.",

    // The loss curves
    curve: "Loss over the steps",
    noCurve: "No loss yet: there are no points to learn from.",
    curveSlider: "Step to read the losses at",
    curveAt: (step: string, train: string, test: string) =>
      `step ${step}: train ${train}${test === "" ? "" : `, test ${test}`}`,
    notFinite: "not finite",

    // Data
    data: "Data",
    kinds: { xor: "XOR", rings: "rings", spirals: "spirals", blobs: "blobs", own: "your own" },
    classCount: "Classes",
    samples: "Points",
    noise: "Noise",
    testShare: "Kept for the test",
    share: (value: number) => `${Math.round(100 * value)} %`,
    showTest: "Show test points",
    dataSeed: "Seed of the points",
    another: "Another",
    makeMine: "Edit these points",
    saveCsv: "Save points as CSV",
    farOut: (half: string) => `These points reach out to ±${half}. Networks learn best when inputs are about 1 in size.`,
    fit: "Scale them to fit",

    // Network
    network: "Network",
    hidden: "Hidden layers",
    fewerLayers: "Remove the last hidden layer",
    moreLayers: "Add a hidden layer",
    units: (layer: number) => `Layer ${layer}`,
    fewerUnits: (layer: number) => `Remove a unit from layer ${layer}`,
    moreUnits: (layer: number) => `Add a unit to layer ${layer}`,
    unitCount: (count: number) => (count === 1 ? "1 unit" : `${count} units`),
    layerCount: (count: number) => String(count),
    noHidden: "none: one neuron alone",
    activation: "Activation",
    activationOf: (layer: number) => `Activation of layer ${layer}`,
    perLayer: "An activation for each layer",
    parameter: (title: string, name: string) => `${title}: ${name}`,
    init: "Initial weights",
    initNames: {
      xavier_uniform: "Xavier, uniform",
      xavier_normal: "Xavier, normal",
      kaiming_uniform: "He, uniform",
      kaiming_normal: "He, normal",
      lecun_uniform: "LeCun, uniform",
      lecun_normal: "LeCun, normal",
      normal: "normal",
      zeros: "all zero",
    } as Record<string, string>,
    seed: "Seed of the weights",

    // Training
    training: "Training",
    losses: { cross_entropy: "cross-entropy", squared_error: "squared error" },
    lossLabel: "Loss",
    optimizer: "Optimizer",
    optimizers: { sgd: "SGD", momentum: "momentum", adam: "Adam" } as Record<string, string>,
    lr: "Learning rate",
    batch: "Batch size",
    decay: "Weight decay",
    speed: "Steps a frame",

    // Files
    saveNetwork: "Save network",
    loadNetwork: "Load network…",
  },

  // Demo: trace
  trace: {
    title: "Trace one input through a network",
    diagram: (shape: string) => `A network of ${shape} units`,
    mode: "Walk",
    forward: "forward",
    backward: "back, with the gradient",
    all: "All numbers at once",
    digits: "Every digit",
    positive: "positive weight",
    negative: "negative weight",
    thick: "thick: large",
    back: "Back",
    next: "Next unit",
    progress: (step: number, of: number) => `unit ${step} of ${of}`,
    loss: "Squared error",
    inputLayer: "input",
    input: (number: number) => `Input x${number}`,
    unitUnknown: (name: string) => `Unit ${name}: not worked out yet`,
    unitOutput: (name: string, value: string) => `Unit ${name}: ${value}`,
    unitGradient: (name: string, value: string) => `Unit ${name}: gradient ${value}`,
    unitTitle: (name: string) => `Unit ${name}`,
    inHidden: (layer: number) => `in hidden layer ${layer}`,
    inOutput: "at the output",
    from: "from",
    weightColumn: "weight",
    valueColumn: "value",
    product: "product",
    bias: "bias",
    sum: "the sum of these",
    weight: (from: string, to: string) => `Weight from ${from} to ${to}`,
    biasOf: (name: string) => `Bias of ${name}`,
    nudge: "Type a number, or press the up and down arrow keys",
    miss: "a − y",
    ofSquare: "slope of the square",
    times: "times",
    delta: "gradient of the loss to z: δ",
    target: (name: string) => `Target y of ${name}`,
    curve: (title: string, z: string, a: string) => `${title} at z = ${z} is ${a}`,
    told: (name: string, terms: string[], bias: string, z: string, title: string, a: string) =>
      `${name}: ${terms.join(" + ")} + bias ${bias} = ${z}, and ${title} makes ${a} of it.`.replaceAll("+ −", "− "),
    toldBack: (name: string, delta: string, slope: string, stopped: boolean, loss: string) =>
      stopped
        ? `${name}: its slope is 0, so the gradient stops here: ${delta}. Nothing before it learns through this unit.`
        : `${name}: when its z rises a little, the loss, now ${loss}, changes by ${delta} times that. Its slope is ${slope}.`,
    notFinite: (name: string) =>
      `${name} is no finite number any more: the weights or inputs are too large for this activation. Undo, or make them smaller.`,
    network: "The network",
    inputs: "Inputs",
    outputs: "Outputs",
    hidden: (layer: number) => `Hidden layer ${layer}`,
    more: (layer: string) => `${layer}: one unit more`,
    fewer: (layer: string) => `${layer}: one unit fewer`,
    activationOf: (layer: string) => `${layer}: activation`,
    addLayer: "Add a layer",
    removeLayer: "Remove a layer",
    newWeights: "New weights",
  },

  // Demo: sheet
  sheet: {
    title: "Cheat sheet",
    function: "Function",
    columns: {
      range: "Range",
      zero_centred: "Zero-centred",
      saturates: "Saturates",
      monotone: "Monotone",
      smooth: "Smooth",
      max_slope: "Largest slope",
    },
    use: "Use it for",
    unknown: "unknown",
    mean: (mean: string) => `mean ${mean}`,
    why: "why?",
    whyOf: (title: string) => `why? ${title}`,
    filter: "Find",
    placeholder: "name, use or property",
    /** What turns the next word of a search around. */
    not: ["not", "no", "non"],
    bounded: "bounded",
    unbounded: "unbounded",
    all: (count: number) => `All ${count}`,
    print: "Print",
    shown: (rows: number, of: number, column: string, down: boolean) =>
      `${rows === of ? `All ${of}` : `${rows} of ${of}`} functions${column === "" ? "" : `, by ${column.toLowerCase()}, ${down ? "largest first" : "smallest first"}`}`,
    note: "No property here was typed: each is worked out from the function’s formula, with a reason. Zero-centred: the mean of f is 0 over inputs from the bell curve around 0 with spread 1. ℝ is all numbers; a square bracket takes its end in, a round one does not. C∞ has slopes of every order, C¹ only the first without a jump. A name opens the function in the Explorer.",
  },

  // Exercises
  exercise: {
    exercise: "Exercise",
    noSuch: (name: string) => `there is no exercise called “${name}”`,
    count: (right: number, all: number) => (right === all ? (all === 1 ? "done" : `all ${all} done`) : `${right} of ${all}`),
    check: "Check",
    several: "More than one may be right.",
    tone: { right: "Right.", wrong: "Not yet.", unread: "Not a number." },
    noNumber: "A number can be written like 0.0123, 1.23e-2, 1.23%, 1/81 or 1 - e^-3.",
    notYet: (hints: boolean) => (hints ? "A hint may help." : "Look once more."),
    /** Slips that can be made with any number. */
    slips: {
      sign: "The size is right, but not the sign.",
      places: "The digits are right: count the places after the point once more.",
      percent: "The digits are right. Is that per cent? Then say so, with a %.",
    },
    hint: (shown: number, left: number) => {
      const more = shown === 0 ? "A hint" : "One more hint";
      return left > 1 ? `${more} (there are ${left}${shown === 0 ? "" : " left"})` : more;
    },

    // Proofs
    line: (number: number) => `Line ${number} of your proof`,
    firstLine: "your first line",
    removeLine: (number: number) => `Remove line ${number}`,
    lineSays: (number: number, verdict: string, message: string) => `Line ${number}: ${verdict.slice(2)}. ${message}`,
    goal: "until it says",
    proofHow: "Enter checks a line and goes on to the next.",
    verdict: {
      equal: "✓ equal",
      repeated: "✓ but no step",
      different: "✗ not equal",
      undefined: "✗ no value",
      error: "? not a formula",
      empty: "",
    },
    notChecked: (reason: string) => `Not checked: ${reason}`,

    // Progress
    progressTitle: (done: number, all: number) =>
      done === all ? `All ${all} exercises done` : `${done} of ${all} exercises done`,
    progressSave: "Save as a file",
    progressLoad: "Load a file",
    progressClear: "Clear",
    progressSure: "Forget all answers?",
    progressYes: "Yes, forget them",
    progressNo: "Keep them",
    progressSaved: "Saved as nonlin-progress.json.",
    progressTaken: "Loaded: the answers in the file have taken the place of those here.",
    progressForeign: (name: string) => `${name} is not a file of answers from here; nothing was changed.`,
    progressCleared: "Forgotten.",
    progressBlocked: "This browser does not let the page keep anything: save a file to take your answers along.",
    progressWhere: "Your answers stay in this browser and are sent nowhere.",
  },
};

export default figures;

import type { Model } from "../../lib/model";
import type { Python } from "../../lib/python/python";
import { fetchTexts, messages } from "../../messages";
import { exercisesFile } from "./content";

/** One line of a proof with what Python says to it: see nonlin.proof.Step. */
export interface Step {
  verdict: "equal" | "repeated" | "different" | "undefined" | "error" | "empty";
  message: string;
  method: "" | "exact" | "identities" | "points";
  math: string;
  position: number | null;
  length: number;
  known: number | null;
}

export interface Checked {
  lines: Step[];
  state: "open" | "short" | "done";
  message: string;
}

export interface ProofRequest {
  start: string;
  goal: string;
  lines: string[];
  wrong: string[];
}

/** Who checks proofs: the server, the notebook's kernel, or Python in this page. */
export interface Checker {
  check(request: ProofRequest): Promise<Checked>;
  /** Where Python has to be loaded first. */
  python?: Promise<Python>;
}

interface Refused {
  error: { message: string; hint: string };
}

function checked(answer: Checked | Refused): Checked {
  if (!("error" in answer)) return answer;
  const { message, hint } = answer.error;
  throw new Error(hint ? `${message}: ${hint}` : message);
}

async function byServer(request: ProofRequest): Promise<Checked> {
  let response: Response;
  try {
    response = await fetch(new URL("api/check", document.baseURI), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(request),
    });
  } catch {
    throw new Error(messages.serverUnreachable);
  }
  return checked((await response.json()) as Checked | Refused);
}

function byKernel(model: Model, request: ProofRequest): Promise<Checked> {
  return new Promise((resolve, reject) => {
    const id = `${Date.now()}-${Math.random()}`;
    const listen = (...args: unknown[]): void => {
      const reply = args[0] as { type?: string; id?: string; answer?: Checked | Refused };
      if (reply.type !== "checked" || reply.id !== id || !reply.answer) return;
      model.off("msg:custom", listen);
      try {
        resolve(checked(reply.answer));
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    model.on("msg:custom", listen);
    model.send?.({ type: "check", id, request });
  });
}

export function checkerOf(model: Model): Checker {
  if (model.send) return { check: (request) => byKernel(model, request) };
  const served = document.querySelector<HTMLMetaElement>('meta[name="nonlin-server"]')?.content !== "no";
  if (served) return { check: byServer };
  const python = Promise.all([import("../../lib/python/python"), exercisesFile(), fetchTexts("later")]).then(([{ pythonOfPage }, { python: bytes = 0 }]) => pythonOfPage(bytes));
  return {
    python,
    check: async (request) => {
      const here = await python;
      if (here.state.kind === "impossible") throw new Error(messages.later.python.onlyServed);
      const answer = await here.call(JSON.stringify(request), messages.later.python.tookTooLong);
      return checked(JSON.parse(answer) as Checked | Refused);
    },
  };
}

// The pictures of the report page: those of the dashboard, over what the page holds. Without a script its still pictures stand.
import { render } from "preact";
import { Card } from "./card.tsx";
import { Plot } from "./plot.tsx";
import { Shown, type Evidence } from "./views/evidence.tsx";

interface Told {
  evidence: Evidence | null;
  /** the best of the models without a search, by name. */
  top: string;
  history: { trials: number[]; best: (number | null)[] };
}

function Domain({ told }: { told: Told }) {
  const { trials, best } = told.history;
  return (
    <>
      {told.evidence && <Shown e={told.evidence} top={told.top} />}
      {trials.length > 0 && (
        <Card wide title="Best of this node's search" take={() => ({ names: ["trials", "best"], rows: trials.map((n, i) => [n, best[i]]) })}>
          <Plot xName="trials" yName="performance" lines={[{ name: "best so far", x: trials, y: best as number[], steps: true, width: 2 }]} height={280} />
        </Card>
      )}
    </>
  );
}

for (const data of document.querySelectorAll<HTMLScriptElement>("script[data-told]")) {
  const at = document.getElementById(data.dataset.told!);
  if (!at) continue;
  const still = [...at.childNodes];
  render(<Domain told={JSON.parse(data.text) as Told} />, at.appendChild(document.createElement("div")));
  for (const n of still) n.remove(); // only now: a picture that cannot be drawn leaves the still one
}

import type { Language } from './language.ts';
import { tokenise } from './text.ts';

const words = (text: string) => text.split(/\s+/);
const lexicon: Readonly<
  Record<
    Language,
    { good: readonly string[]; bad: readonly string[]; negations: ReadonlySet<string>; strong: ReadonlySet<string> }
  >
> = {
  en: {
    good: words(
      'good great excellent love lovely like perfect nice helpful useful happy thank glad amazing awesome brilliant wonderful fantastic easy interested impress recommend pleas appreciat best better cool super fair reliab fast worth enjoy delight superb',
    ),
    bad: words(
      'bad terribl awful hate horribl useless expensiv pricey overpriced slow difficult hard complicat annoy angry upset frustrat disappoint worst worse poor problem broken fail wrong rubbish scam waste rude ridiculous unhappy confus stupid bug crash lie risk worri concern doubt unacceptabl nightmare',
    ),
    negations: new Set(
      words('not no never dont doesnt didnt isnt arent wasnt cant couldnt wont wouldnt hardly without neither'),
    ),
    strong: new Set(words('very really so extremely too absolutely totally incredibly')),
  },
  es: {
    good: words(
      'buen bien excelent genial encant gust perfect util feliz content graci maravill estupend fantastic facil interes recomend agrad mejor rapid fiabl amabl bonit increibl satisfech fenomenal',
    ),
    bad: words(
      'mal malo mala malisim terribl horribl odi inutil caro cara carisim lent dificil complic molest enfad enoj frustr decepcion peor pesim problem roto fall error basur estafa perdid ridicul grosero confus tont mentir riesg preocup dud inaceptabl pesadill robo hart',
    ),
    negations: new Set(words('no nunca jamas ni sin tampoco nada')),
    strong: new Set(words('muy mucho muchisimo tan demasiado realmente super totalmente')),
  },
};

/** How a text feels, -1..1: opinion words, turned round by a negation up to three words before, saturating. */
export const sentimentOf = (text: string, language: Language): number => {
  const { good, bad, negations, strong } = lexicon[language];
  const tokens = tokenise(text).slice(0, 500);
  let sum = 0;
  for (const [i, { word }] of tokens.entries()) {
    const starts = (stems: readonly string[]) =>
      stems.some((stem) => (stem.length <= 3 ? word === stem : word.startsWith(stem)));
    const value = starts(bad) ? -1 : starts(good) ? 1 : 0;
    if (value === 0) continue;
    const before = tokens.slice(Math.max(0, i - 3), i).map((token) => token.word);
    const negated = before.some((previous) => negations.has(previous));
    sum += value * (before.some((previous) => strong.has(previous)) ? 1.5 : 1) * (negated ? -0.7 : 1);
  }
  const score = sum / (Math.abs(sum) + 1);
  return Math.max(-1, Math.min(1, Math.round(score * 100) / 100));
};

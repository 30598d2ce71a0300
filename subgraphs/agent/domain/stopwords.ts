import type { Language } from './language.ts';

const en = `a about above after again against all also am an and any are as at be because been before being below between
both but by can could did do does doing down during each few for from further had has have having he her here hers him his
how i if in into is it its itself just let me more most my no nor not now of off on once only or other our out over own
please same shall she should so some such than that the their them then there these they this those through to too under
until up us very was we were what when where which while who whom why will with would you your yours im ive id ill youre
dont doesnt cant wont isnt arent thats whats hows`;

const es = `a al algo alguna algunas alguno algunos ante antes asi aqui como con contra cual cuales cuando de del desde
donde dos e el ella ellas ellos en entre era eran eres es esa esas ese eso esos esta estaba estado estan estar estas este
esto estos estoy fue fui ha hace han hasta hay he la las le les lo los mas me mi mis mucho muy nada ni no nos nosotros o os
otra otras otro otros para pero poco por porque pues puede pueden puedo podria podrian podrias que quien quienes se sea ser si
sin sobre solo son soy su sus tambien tan tanto te tenia ti tiene tienen tengo todo todos tu tus u un una unas uno unos
usted ustedes va vais vamos van voy vosotros y ya yo favor`;

/** Words that carry no subject, lower case and without accents. */
export const stopwords: Readonly<Record<Language, ReadonlySet<string>>> = {
  en: new Set(en.split(/\s+/)),
  es: new Set(es.split(/\s+/)),
};

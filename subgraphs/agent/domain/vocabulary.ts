import type { Language } from './language.ts';
import { stem } from './text.ts';

const list = (text: string, language: Language) =>
  new Set(
    text
      .split(/\s+/)
      .filter(Boolean)
      .map((word) => stem(word, language)),
  );

/** Stems that ask for a price. */
export const priceWords: Readonly<Record<Language, ReadonlySet<string>>> = {
  en: list(
    'price prices pricing priced cost costs costing charge charges fee fees rate rates quote quotation tariff pay paying money expensive cheap cheaper cheapest damage much',
    'en',
  ),
  es: list(
    'precio precios cuesta cuestan costar coste costo costes vale valen cobran cobra cobráis tarifa tarifas cuota cotizacion presupuesto pagar pago pagaria dinero caro barato barata economico economica cuanto cuantos cuanta valor sale salen saldria importe',
    'es',
  ),
};

/** Stems that carry no subject of their own in a sales question: verbs of having and offering, kinds of offer, periods. */
export const genericWords: Readonly<Record<Language, ReadonlySet<string>>> = {
  en: list(
    `plan plans package packages product products service services option options version edition tier tiers bundle offer
    offers offering sell know tell want need like get got give think question questions information info detail details go come
    comes include includes included work works use using see look looking say talk hear heard help helps explain show would could
    month monthly year yearly annual annually per user users seat seats licence license subscription people person company
    business team shop small big thing things stuff today now euro euros dollar dollars pound pounds usd eur total exactly
    hi hello hey thanks thank ok okay yes well good great interested wondering available possible actually really roughly
    me my mine our ours guys kind sort lot bit one ones also too sure right something anything everything find list start starts
    long many much often fast quickly soon time take takes vs versus compared difference called name another
    membership memberships tariff pass month's let check mean just currently customer customers client clients provide sold item items`,
    'en',
  ),
  es: list(
    `plan planes paquete paquetes producto productos servicio servicios opcion opciones version edicion nivel oferta ofertas
    ofrecen ofrece ofreceis vende venden saber sabe decir diga digame dime quiero quisiera queria necesito gustaria dar dame
    informacion info detalle detalles incluye incluyen trae traen lleva funciona funcionan usar uso ver mirar contar cuenteme
    cuentame ayuda explica explicar mes meses mensual mensualmente año años anual ano anos usuario usuarios licencia licencias
    suscripcion persona personas gente empresa negocio equipo tienda doy dar pequeño pequeña grande cosa cosas hoy ahora euro euros dolar
    dolares usd eur total exactamente hola gracias ok si bien vale buenos buenas dias tardes interesa interesado disponible posible
    realmente mas menos cada por tipo algo alguno todo encontrar lista empieza cuanto cuantos cuantas cuanta tiempo tarda tardan
    dura frente comparado diferencia llama nombre otro aqui entonces pues bueno digo tengo tiene tienen teneis hay cliente clientes
    abono abonos bono bonos cuota cuotas membresia haceis hacen podeis puedo puede dan dais aplica articulo preguntar pregunta`,
    'es',
  ),
};

const groups = `refund refunds reimbursement reimburse moneyback
cancel cancellation terminate termination quit
support helpdesk assistance
integrate integration integrations connect connects connector compatible sync syncs
secure security safe encrypted encryption protect protected
install installation setup implementation implement onboarding deploy deployment activation
trial demo
contract commitment agreement
return returns
warranty guarantee
data information
discount discounts promotion
holiday vacation
phone telephone mobile
delivery deliver shipping ship
training train
hours schedule open
location located stored store servers hosted
limit maximum
migrate migration import transfer
certified certification certificate iso
comply complies compliant compliance
reembolso reembolsos devolucion devolver devuelven dinero
cancelar cancelacion baja darse rescindir
soporte asistencia atencion ayuda
integra integracion integraciones conecta conectar compatible sincroniza
seguro segura seguridad cifrado cifrados encriptado protegido protegidos proteger
instalar instalacion implantacion implementacion puesta marcha activacion configuracion
prueba demo demostracion probar
contrato permanencia compromiso
garantia
descuento descuentos promocion rebaja
telefono movil
envio entrega enviar
formacion capacitacion
horario abierto
servidor servidores alojados guardan almacenan guardados alojan
limite maximo
migrar migracion importar
certificado certificacion certificados
cumplen cumple cumplimos cumplis cumplimiento`;

const synonyms: Record<Language, Map<string, ReadonlySet<string>>> = { en: new Map(), es: new Map() };
for (const language of ['en', 'es'] as const) {
  for (const line of groups.split('\n')) {
    const stems = list(line, language);
    for (const word of stems) synonyms[language].set(word, stems);
  }
}

/** Stems that mean about the same in sales documents, the stem itself among them. */
export const alikeStems = (word: string, language: Language): ReadonlySet<string> =>
  synonyms[language].get(word) ?? new Set([word]);

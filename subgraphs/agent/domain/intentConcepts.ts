import { fold } from './text.ts';

/**
 * What a few hundred words of sales talk mean, English and Spanish together: one pattern a concept, matched from the start of
 * a word on folded text. The classifier sees a concept as one more feature, so an unseen word of a known concept still counts.
 */
const concepts: Readonly<Record<string, string>> = {
  money:
    'price|pricing|cost|fee|rate card|rates|tariff|quote|quotation|charge|how much|per month|per seat|per user|discount|promo|cheap|bill|precio|cuest|cuant[oa]s? (?:es|sale|vale|cobr|me|nos|dinero|seria|pag)|coste|costo|tarifa|cotiz|descuento|rebaja|barat|mensualidad|cobra|a cuanto|valor tiene|iva|presupuesto para',
  expensive:
    'expensive|pric(?:e)?y|pricier|dear\\b|steep|afford|too much money|overpriced|ridiculous|lot of (?:money|cash)|out of (?:our|my) (?:price|budget|range)|over (?:our|my|the) budget|stretch|justify|tight|caro|cara\\b|carisim|carill|carer|demasiado dinero|mucho dinero|dineral|muchisim|no (?:me|nos) alcanza|no podemos pag|no puedo pag|permitir|atraco|robo\\b|justos|se (?:nos )?(?:va|sale|pasa)|encima de lo',
  later:
    'later|next (?:month|year|quarter|week)|not now|busy|slammed|hectic|swamped|another time|after (?:the )?(?:summer|holiday|christmas|easter)|in (?:january|february|march|april|june|july|august|september|october|november|december|spring|autumn|fall|winter)|wait|think (?:it|about)|quarter|moment|right now|timing|priorit|mas (?:adelante|tarde)|proximo|que viene|ocupad|liad|lio\\b|a tope|despues de|pasad[ao]s? (?:el|la|las|los)|trimestre|pensar|ahorita|vacaciones|enero|febrero|septiembre|octubre|noviembre|diciembre|momento|semestre|prisa|esperar',
  rival:
    'competit|competen|rival|vendor|supplier|provider|elsewhere|someone else|somebody else|other (?:company|companies|lot|firm|offer)|salesforce|hubspot|zendesk|intercom|pipedrive|twilio|vodafone|movistar|orange\\b|telefonica|microsoft|google|zoom\\b|zoho|oracle|sap\\b|better (?:deal|offer|price)|proveedor|otr[ao]s? (?:empresa|compania|proveedor|marca|oferta|sitio|opcion)|mejor oferta|oferta mejor|operador\\b|ya trabaj|diferenci',
  needless:
    'need|overkill|pointless|useless|no use|use for|point of|by hand|manual|spreadsheet|excel|good enough|works fine|manage fine|as it is|hardly|hace falta|necesit|util|sirve|sobra|apan|arreglamos|a mano|nos basta|para que quier|innecesari|asi (?:como )?estamos|casi no|apenas',
  decider:
    'boss|manager|owner|director|board|partner|wife|husband|ceo|cfo|cto|finance|accounting|purchasing|procurement|head ?office|headquarters|approv|sign(?:ed)? off|sign[- ]off|decid|decision|committee|my call|up to me|in charge|receptionist|assistant here|jef[ea]|gerente|duen|director|socio|socia|mujer|marido|espos|consultar|aprob|autoriz|junta|comite|finanzas|compras|la central|sede|depende de mi|encargad|responsable|recepcion|visto bueno|manda\\b',
  demo: 'demo|trial|appointment|meeting|schedule|calendar|diary|invite|walk ?through|show (?:me|us)|see it|in action|try it|test it|presentation|tour\\b|book\\b|slot|prueba|probar|cita\\b|reunion|agend|mostrar|ensen|videollamada|presentacion|invitacion|verlo|apunt|trastear|demostracion',
  buy: 'buy|purchase|order\\b|sign (?:me )?up|where do i sign|go ahead|i.?m in\\b|i.?ll take|deal\\b|subscribe|checkout|pay (?:right )?now|pay today|contract over|decided to|lo compr|compr[ao]|contrat[oa]r?lo|lo contrato|me lo quedo|me lo llevo|firmo|firmar|pedido|darme de alta|dar de alta|contratar|adelante con|trato hecho|decidido|como pago',
  refuse:
    'not interested|no interest|stop (?:call|phon|ring|contact)|don.?t (?:call|phone|ring|contact)|remove|unsubscrib|off your list|leave me|go away|pass\\b|wasting|bother|bugging|no me interes|no (?:estoy|estamos) interes|dej[ea]n? de|borr|quite|quiten|no (?:me )?(?:llam|molest)|no (?:vuelvan|vuelva) a|baja de|paso\\b|tiempo conmigo|no quiero nada',
  person:
    'human|person|people|someone|somebody|representative|operator|agent\\b|supervisor|real\\b|advis|consultant|salesperson|member of staff|transfer|put me (?:through|on)|persona|humano|alguien|asesor|operador|comercial|supervisor|agente|representante|pas[ea]me|comuni[cq]|transf|pong[ao]me con|gente',
  machine:
    'robot|bot\\b|machine|computer|artificial|\\bai\\b|ia\\b|recording|recorded|automated|maquina|grabaci|contestador|computadora|ordenador',
  who: 'who (?:are|is|am|do)|who.?s\\b|your name|what company|which company|work for|quien (?:eres|es|habla)|con quien|como (?:te|se) llama|de que empresa|para quien|su nombre|tu nombre',
  secure:
    'secur|safe|encrypt|gdpr|privacy|complian|hipaa|soc ?2|iso ?27|breach|hack|backup|servers?\\b|two[- ]factor|2fa|certif|nda\\b|data process|our data|my data|personal data|confiden|who can see|stored|third part|trust|segur|cifrad|encript|rgpd|privacidad|proteccion de datos|datos|servidor|copias? de|hacke|verificacion|tercero|fuga',
  terms:
    'refund|cancel|return|money back|contract length|tied|locked? in|penalt|notice|warrant|guarantee|renew|terminat|downgrade|leave early|leaving early|commit|minimum|pay by|paypal|credit card|bank transfer|instal?ment|deliver|shipping|devol|devuelv|cancel|reembols|permanencia|penaliz|garantia|renuev|darme de baja|darnos de baja|compromis|transferencia|tarjeta|plazos|envio|condiciones|avisar|bajar de plan',
  help: 'support|help|fault|broken|breaks|crash|error|reset|password|locked|can.?t (?:log|get) in|not working|stops working|stopped working|goes down|response time|help ?desk|ticket|account manager|tutorial|guide|sla\\b|soporte|ayuda|averia|falla|falle|fallo|no (?:me )?(?:abre|funciona|carga)|bloquead|contrasena|clave\\b|incidencia|atencion al|se cae|manual|atiend|no me llega|asign',
  setup:
    'install|set ?up|setting up|implement|onboard|migrat|roll(?:ed)? ?out|go live|up and running|import|training|switch over|switching|downtime|configur|engineer|get started|get it going|deploy|instal|implant|implement|puesta en marcha|migra|formacion|capacit|configur|montar|montan|montaje|arranc|andando|operativ|pasar los datos|importar|despliegue|cambio\\b|ponerlo',
  product:
    'feature|include|integrat|compatible|work(?:s)? (?:on|with)|iphone|android|\\bapp\\b|api\\b|module|version|difference between|come with|inside|record call|text message|report(?:s|ing)|languages?|does it|can it|incluy|funcion|integra|conect|compatible|trae\\b|movil|celular|informes?|version|idioma|diferenci|whatsapp|graba\\b|ofrec|venden|que es lo que',
  misheard:
    'repeat|again|pardon|come again|sorry what|didn.?t (?:get|catch|hear|understand)|don.?t (?:get|understand)|what do you mean|slower|slowly|broke up|breaking up|missed|lost me|simpl|explain that|say that|repet|repit|otra vez|no (?:te |le |lo )?(?:he )?(?:oi|entend|entien|capt|pill)|perdon|como dic|despacio|mas lento|que (?:quieres|quiere) decir|se (?:ha )?cort|me perdi|mas facil|explicam',
  bye: 'bye|goodbye|see (?:you|ya)|later\\b|take care|farewell|hang(?:ing)? up|have a (?:nice|good|great|lovely)|speak soon|talk soon|until next|i.?ve got to|gotta|that.?s all|adios|hasta (?:luego|pronto|manana|la|otra)|chao|chau|nos vemos|buen dia\\b|cuelg|colgar|me voy|hablamos|que (?:le vaya|te vaya|tenga)|le dejo',
  thank: 'thank|thx|cheers|appreciat|grateful|obliged|\\bta\\b|helpful|gracias|agrade|amable|servido',
  hello:
    'hello|hi\\b|hey|good (?:morning|afternoon|evening)|morning\\b|greetings|howdy|hola|buen[ao]s|saludos|alo\\b|que tal',
  yes: 'yes|yep|yeah|yup|sure|correct|exactly|right\\b|of course|absolutely|ok\\b|okay|sounds (?:good|fine|great)|works for|that works|please do|go on|go for|fine\\b|uh huh|si\\b|claro|vale\\b|dale|exacto|correcto|asi es|de acuerdo|por supuesto|perfecto|eso (?:es|mismo)|aja|ok\\b',
  no: 'no\\b|nope|nah|not\\b|never|don.?t|negative|wrong|nop\\b|que va|para nada|nunca|negativo|tampoco|en absoluto|nada',
  business:
    '(?:we|i) (?:run|own|manage|sell)|our (?:company|team|office|budget|business|department|firm)|my (?:company|team|shop|business|office|clinic)|employees|staff|we.?re a|there are \\w+ of us|budget (?:is|of)|per week|a week|(?:somos|tenemos|llevo|tengo|trabajo) (?:un|una|en|unos|\\w+ (?:personas|empleados))|nuestr[ao] (?:empresa|equipo|presupuesto|oficina)|mi (?:empresa|equipo|negocio)|empleados|presupuesto (?:es|ronda|de)|a la semana|al dia\\b|departamento|para (?:marzo|mayo|junio|julio)|by (?:march|may|june|july)',
};

const patterns = Object.entries(concepts).map(([name, words]) => ({
  name,
  pattern: new RegExp(`(?:^|[^\\p{L}\\p{N}])(?:${words})`, 'u'),
}));

/** Names of the concepts an utterance touches. */
export const conceptsOf = (utterance: string): string[] => {
  const folded = fold(utterance);
  return patterns.filter(({ pattern }) => pattern.test(folded)).map(({ name }) => name);
};

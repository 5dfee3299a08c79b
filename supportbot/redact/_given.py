"""Common given names: with one of them, a word that is typed small or that nobody introduced is a name.

They are those of the six languages' countries and of people who live there. A name that is a common word as well
is left out where mistaking the word would do harm ("will", "may", "rose", "mark", "grant", "art", "sky").
"""

from __future__ import annotations

from supportbot.redact._words import folded

_ENGLISH = """
    aaron abigail adam adrian aidan aisha alan albert alex alexander alexandra alexis alfie alice alicia
    alison allison amanda amber amelia amy andrea andrew andy angela angus ann anna anne annie anthony archie
    ashley audrey barbara barry beatrice becky ben benjamin bernard beth bethany betty bill billy bob bobby
    brad bradley brandon brenda brendan brian bridget brittany bruce bryan caitlin callum calvin cameron carl
    carol caroline carolyn catherine cathy cheryl chloe chris christian christina christine christopher cindy
    claire clara clare colin connor courtney craig cynthia daisy dale dan daniel danielle danny darren
    dave david dean debbie deborah debra declan denise dennis derek desmond diana diane donald donna doris
    dorothy doug douglas duncan dylan ed eddie edith edward eileen elaine eleanor elijah elizabeth ella ellen
    ellie elliot emily emma eric erica erin ethan eva evan eve evelyn fiona florence frances francis frank fred
    freddie frederick freya gareth gary gavin gemma geoff geoffrey george georgina gerald geraldine
    gillian glenn gloria gordon graham greg gregory gwen hannah harold harriet harry harvey hayley heather helen
    henry hilary holly howard hugh hugo iain ian imogen irene isaac isabel isabella isla ivan ivy jack jackie
    jackson jacob jacqueline jade jake james jamie jane janet janice jason jay jean jeff jeffrey jen jenna jenny
    jennifer jeremy jerry jess jesse jessica jill jim jimmy jo joan joanna joanne joe joel john johnny jon
    jonathan jose joseph josh joshua joyce judith judy julia julian julie justin karen kate
    katherine kathleen kathryn kathy katie kayla keith kelly ken kenneth kerry kevin kieran kim kimberly kirsty
    kyle larry laura lauren laurie lawrence leah leanne lee leo leon leonard leslie lewis liam lily linda
    lindsay lisa lorraine louis louise lucas lucy luke lydia lynn maggie malcolm marcus margaret
    maria marie marilyn marion marjorie martha martin marvin mary matt matthew maureen max megan
    melanie melissa mia michael michelle mick miguel mike mildred millie mitchell mohammad mohammed molly
    monica morgan muhammad nadia nancy naomi natalie natasha nathan neil niall nicholas nick nicola nicole nigel
    noah noel nora norma norman oliver olivia omar oscar owen pamela pat patricia patrick patty paul paula
    pauline peggy penny pete peter phil philip phillip phoebe phyllis polly priya rachel rahul raj ralph randy
    ravi raymond rebecca reece rhys richard rick ricky rita rob robert roberta robin roger ron ronald
    rory rosemary ross roy russell ruth ryan sally sam samantha samuel sandra sara sarah scott sean sebastian
    shane shannon sharon shaun sheila shirley sian sid simon sophia sophie stacey stan stanley stella stephanie
    stephen steve steven stewart stuart sue susan suzanne sylvia tara ted teresa terry tessa theo theresa
    thomas tiffany tim timothy tina toby todd tom tommy tony tracy travis trevor tyler valerie vanessa vera
    veronica vicky victor vincent vivian walter wanda wayne wendy wesley william willie
    yasmin yvonne zac zach zachary zara zoe
    abdul ahmed ali amir amit anil anita anjali arjun aryan ayesha bilal deepak dmitri dmitry elena fatima farah
    hassan hussein ibrahim igor imran ivana jamal karim katarina khalid kumar layla leila mariam mehmet
    mustafa nasir natalia neha nikolai olga oksana pooja rashid rohan samir sanjay sergei sergey sunil svetlana
    tariq usman vikram vladimir yuki yusuf zainab
"""
_GERMAN = """
    achim alexandra alina almut alois andre andreas anett angelika anja anke annegret anneliese annette annika
    antje anton arne arnold astrid axel barbel bastian beate benedikt benjamin bernd bernhard bettina bianca
    birgit birte bjorn britta bruno burkhard carina carsten christa christel christian christoph claudia
    clemens conny cornelia dagmar daniela dennis detlef dieter dietmar dirk dominik doreen doris eberhard
    eckhard edeltraud egon elfriede elke elisabeth elsa erich erika erna ernst erwin esther eugen evelin fabian
    felix ferdinand finn florian franz franziska frauke frida friedrich fritz gabi gabriele georg gerald gerd
    gerda gerhard gisela greta gregor gudrun gunter gunther guenter hanna hannelore hannes hans harald hartmut
    hedwig heidi heike heiko heiner heinrich heinz helena helene helga helmut henning henrik henrike
    herbert hermann hilde hildegard holger horst ilse ina ines ingeborg inge ingo ingrid irmgard isabell jan
    jana janina jens jessika joachim jochen jonas johanna johannes jorg joerg josef judith jurgen juergen jutta
    kai karin karl karla karola karsten katharina kathrin katja katrin kerstin kilian kirsten klara klaus
    konrad kristin kurt lars lea lena leni leonie lennart liesel lina linus lisbeth lothar lotte ludwig luisa
    lukas lutz magdalena maik maja manfred manja manuel manuela marc marcel marco mareike margarete margit
    margot marianne marina mario marita marius marko markus marlene marlies marta mathilde matthias maximilian
    melina michaela mika mila milena mirjam mirko monika moritz nadine nadja nele niklas nils nina nora norbert
    olaf oskar otto patrik petra philipp pia rainer ralf ramona raphael regina regine reiner reinhard
    reinhold renate rene rolf roland rosi rosemarie rudi rudiger rudolf sabine sandro sascha sebastian siegfried
    sigrid silke silvia simone sina sonja stefan stefanie steffen steffi susanne sven svenja tamara tanja thea
    theresa thilo thomas thorsten timo tobias tobi torben torsten traudel udo ulf uli ulla ulrich ulrike
    ursula ute uwe valentin volker waltraud werner wiebke wilfried wilhelm wilma winfried wolfgang yannick
    aylin emre elif hakan kemal murat ayse zeynep
"""
_FRENCH = """
    adele adeline agathe agnes alain alexandre aline alix amandine ambre amelie anais andre angelique anne
    antoine antoinette apolline arnaud arthur aude audrey aurelie aurore axelle baptiste bastien baudouin
    beatrice benedicte benoit bernadette bertrand blandine brigitte bruno camille capucine carole catherine
    cecile cedric celine chantal charlene charles charlotte christelle christophe clement clemence colette
    coralie corentin corinne cyril damien danielle daphne delphine denis didier dominique edouard elise elodie
    eloise emile emilie emmanuel emmanuelle enzo eric estelle esther etienne eugenie fabien fabienne fabrice
    fanny flavie florent florian francine franck francois francoise frederic frederique gabriel gaelle
    gaetan gaspard genevieve geraldine germain ghislaine gilles ginette gregoire guillaume guy gwenaelle helene
    henri herve honorine hortense hubert ines isabelle jacqueline jacques jeanne jean jeremie jerome joelle
    josephine josette josiane jules julien juliette justine karine laetitia laure laurence laurent lea leonie
    loic louane louis louise luc lucas lucie lucien lucienne ludovic lydie madeleine mael maelle magali manon
    marc marcel margaux margot marie-claire marine marion marius martine mathieu mathilde maud maurice maxime
    melissa michel mireille monique morgane muriel mylene myriam nadege nadine nathalie nathan nicolas noemie
    odette odile olivier oceane pascal pascale patrice paulette perrine philippe pierre quentin raphael raymonde
    regis remi remy renaud rene renee robert rodolphe roland romain rosalie roxane sabrina sandrine segolene
    severine simone solene sophie stephane stephanie suzanne sylvain sylvie theo therese thibault thierry
    thomas tristan ugo valentin valentine valerie veronique victoire vincent virginie viviane xavier yann yannick
    yves yvette zoe abdel fatou karima mamadou moussa nabil rachid samira youssef
"""
_SPANISH_AND_PORTUGUESE = """
    adriana adriano afonso agustin aitana aitor alba alberto alejandra alejandro alfonso alfredo alonso alvaro
    amaya amparo ana anabel andres angeles angelica anselmo antonia antonio antonella araceli ariana armando
    arturo barbara beatriz begona belen benito bernardo blanca borja bruna bruno caetano camila camilo
    candela carla carlos carlota carmen carolina catalina cecilia celia celso cesar clara claudia claudio
    concepcion cristian cristiano cristina daniela dario davi david debora diego dinis diogo
    domingo duarte eduarda eduardo edson elias elisa elvira emilia emilio encarnacion enrique ernesto
    esteban estefania estela eugenia ezequiel fabio fabiola facundo fatima federico felipe fernanda
    fernando filipa filipe flavia flavio florencia francisca francisco gabriela gael gerardo gilberto
    giovanna gisele gonzalo goncalo graciela gregorio guilherme guillermo gustavo hector heitor helena
    heloisa henrique hugo ignacio igor iker ilda ines inmaculada irene iris isabel isadora isaias ismael itziar
    ivone jacinto jaime javier jesus jimena joana joao joaquim joaquin jordi jorge jose josefa josefina juan
    juana juliana julieta julio karina laia lara larissa laura laureano leandro leire leonor leticia
    lidia lorena lorenzo lucas luciana luciano lucia luis luisa luiz lurdes macarena mafalda
    magdalena maite manuel manuela marcela marcelo marcia marcio marcos margarida margarita mariana mariano
    maribel marina mario marisa marisol mariajose marta martim martin mateo mateus matias matheus mauricio
    mauro micaela miguel miriam mirta moises monica montserrat murilo natalia nerea nestor
    nicolas nicole noelia noemi norberto nuria octavio oriol otavio pablo paco paloma paola patricia paulina
    paulo pedro pepe pilar rafael rafaela raimundo ramiro ramon raquel raul rebeca renata renato ricardo
    rigoberto roberto rocio rodrigo rogerio rosa rosana ruben rui samuel sandra
    santi sara sergio silvana silvia simao sofia sonia susana tamara tania tatiana telmo teo teresa
    thaina thais thiago tiago tomas trinidad valentina valeria vanessa vasco veronica vicente vinicius
    violeta vitor vitoria viviana wagner wilson xavier xavi xiomara yago yolanda zeca ze zulema
    giulia giuseppe giovanni marco matteo luca alessandro francesca chiara paolo stefano
"""
_POLISH = """
    adam adrian agata agnieszka albert aleksander aleksandra alicja alina amelia anastazja andrzej aneta
    angelika ania anita anka anna antoni antonina apolonia arek arkadiusz artur asia aurelia barbara bartek
    bartlomiej bartosz basia beata blazej bogdan bogumil boguslaw bozena bronislaw celina cezary czeslaw damian
    danuta daria dariusz darek dawid dominik dominika dorota edward edyta ela elzbieta emil emilia ewa ewelina
    fabian feliks filip franciszek gabriela genowefa gosia grazyna grzegorz grzes halina hania hanna helena
    henryk hubert iga ignacy irena iwona iza izabela jacek jadwiga jagoda jakub janina janusz jarek
    jaroslaw jerzy joanna jola jolanta jozef julia julita justyna kacper kaja kamil kamila karol karolina kasia
    kasper katarzyna kazimierz kinga klaudia kornelia krystian krystyna krzysiek krzysztof ksenia kuba lech
    lena leszek lidia liliana lucyna lucja lukasz maciej maciek magda magdalena maja malgorzata marcel marcelina
    marcin marek maria marian mariola mariusz marlena marta martyna maryla mateusz michal mieczyslaw mikolaj
    milena miroslaw monika natalia nikodem nina norbert ola olaf olek oliwia oskar patrycja patryk paulina
    pawel piotr piotrek przemek przemyslaw radek radoslaw rafal renata robert roksana ryszard sabina
    sandra sebastian slawomir slawek sonia stanislaw stanislawa stefania sylwester sylwia szymon tadeusz tatiana
    tomasz tomek tymoteusz ula urszula wanda weronika wieslaw wieslawa wiktor wiktoria wioletta witold
    wladyslaw wlodzimierz wojciech wojtek zbigniew zbyszek zenon zofia zosia zuzanna zygmunt aniu kasiu tomku
"""

GIVEN = frozenset(folded(f"{_ENGLISH} {_GERMAN} {_FRENCH} {_SPANISH_AND_PORTUGUESE} {_POLISH}").split())
"""Folded: small letters without accents."""
